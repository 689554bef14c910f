"""An operation that answers in a word, for the tests of the path to it."""

import time
from typing import Any

from tests.server.conftest import RunningApi

TEAM = b'{"CollectionId":"team"}'
DESCRIBED = {"FaceCount": 3, "UserCount": 0}


def describe(context: Any, request: Any) -> dict[str, Any]:
    with context.timed("model"):
        return {"FaceCount": 3, "UserCount": 0}


def chunked(api: RunningApi, chunks: list[bytes]) -> bytes:
    with api.connect() as line:
        line.sendall(
            b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for chunk in [*chunks, b""]:
            line.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        return line.recv(4096)


def wait_until(condition: Any) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)
