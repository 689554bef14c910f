"""moto's server as a process: S3, SNS and SQS that answer over HTTP."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from tests.acceptance.ports import free_port
from tests.acceptance.servers import clean_environment

MOTO = Path(sys.executable).with_name("moto_server")
KEYS: dict[str, Any] = {
    "aws_access_key_id": "any",
    "aws_secret_access_key": "any",
    "region_name": "us-east-1",
}


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """The URL of a running server."""
    port = free_port()
    process = subprocess.Popen(
        [MOTO, "-H", "127.0.0.1", "-p", str(port)],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def aws_client(service: str, url: str) -> Any:
    return boto3.client(service, endpoint_url=url, **KEYS)  # type: ignore[call-overload]  # any service


def wait_for(port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")
