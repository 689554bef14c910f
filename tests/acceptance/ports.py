"""Ports for servers that are stopped and started again, or that are told where to listen."""

import random
import socket

# Below what Linux gives to connections (32768 on), one of which could hold a server's port just
# when it starts anew.
PORTS = range(12_000, 32_000)


def free_port() -> int:
    """One that nobody listens on; drawn, since other tests draw too."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
