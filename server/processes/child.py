"""One of several server processes: started by the supervisor, which hands it its connections.

`python -m openrekog.server.processes.child NUMBER`: the descriptor of the channel. Orders come on
stdin."""

import os
import socket
import sys

from openrekog.server.access.keys import KeyRing, KeysFile, KeysFileError
from openrekog.server.logs import configure_logs
from openrekog.server.processes import serving
from openrekog.server.processes.listening import HandedServer, configured
from openrekog.server.processes.orders import READY, Orders, share_of
from openrekog.server.processes.starting import RefusedError


def main() -> int:
    channel = socket.socket(fileno=int(sys.argv[1]))
    orders = Orders.model_validate_json(sys.stdin.buffer.read())
    configure_logs(orders.settings, pid=os.getpid())
    try:
        follow(orders, channel)
    except (RefusedError, KeysFileError) as error:
        channel.send(str(error).encode())
        return 1
    return 0


def follow(orders: Orders, channel: socket.socket) -> None:
    settings = share_of(orders.settings)
    keys = KeyRing(KeysFile(settings.keys_path), required=orders.keys_required)

    def ready() -> None:
        channel.send(READY)

    serving.run(
        settings,
        keys,
        lambda app: HandedServer(configured(app, settings.shutdown_timeout), ready, channel).run(
            sockets=[]
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
