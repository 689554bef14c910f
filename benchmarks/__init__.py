"""Programs that measure openrekog: speed, memory, overload, accuracy. NumPy multiplies in them with
the kernel that it has in the server."""

from openrekog.server.processor import choose_kernel

choose_kernel()
