"""The commands of `openrekog`, one module a group, and what they share."""
