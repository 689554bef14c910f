"""Programs that measure openrekog: speed, memory, overload, accuracy."""
