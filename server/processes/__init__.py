"""One server process or several: start, sockets, the supervisor and its children, the end."""
