"""Server processes under measurement: started on free ports of the loopback, watched, and ended."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from botocore.credentials import Credentials

from openrekog.server.access.keys import KeysFile, generate_key

ACCOUNT = "111122223333"
MIB = 1024 * 1024
LOOPBACK = "127.0.0.1"


class StartError(Exception):
    """A server did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with all the processes it started."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float
    """From the start of the process to its first good answer."""

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def cpu_seconds(self) -> float:
        times = (process.cpu_times() for process in self._processes())
        return sum(spent.user + spent.system for spent in times)

    def rss_mib(self) -> float:
        return sum(process.memory_info().rss for process in self._processes()) / MIB

    def get(self, path: str, timeout: float = 30.0) -> bytes:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=timeout) as answer:
            return bytes(answer.read())

    def stop(self, patience: float = 60.0) -> int:
        """The exit code after SIGTERM."""
        self.process.terminate()
        return self.process.wait(patience)

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


@contextmanager
def started(
    command: Sequence[str],
    port: int,
    ready_path: str,
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    patience: float = 180.0,
) -> Iterator[Server]:
    """Runs a command until the block ends; what it says goes to `log`."""
    begun = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
    try:
        wait_until_ready(process, f"http://{LOOPBACK}:{port}{ready_path}", log, patience)
        yield Server(process, port, time.perf_counter() - begun)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(
    process: subprocess.Popen[bytes], url: str, log: Path, patience: float
) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return  # it answers; some servers have no page to ask for
        except OSError:
            pass  # not listening yet: that is what we wait for
        time.sleep(0.02)
    raise StartError(f"not ready (exit code {process.poll()}): {log.read_text()[-2000:]}")


def in_processes(count: int) -> Mapping[str, str]:
    """The setting of a server in so many processes."""
    return {"OPENREKOG_PROCESSES": str(count)}


@contextmanager
def openrekog(
    data_dir: Path, *, packs: Sequence[str] = (), settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Server, Credentials]]:
    """The server as in production: signatures verified, logs written. Yields a key with it."""
    key = generate_key(ACCOUNT)
    KeysFile(data_dir / "keys.json").add(key)
    port = free_port()
    command = [
        *(str(Path(sys.executable).with_name("openrekog")), "serve"),
        *("--host", LOOPBACK, "--port", str(port), "--data-dir", str(data_dir)),
    ]
    for pack in packs:
        command += ["--pack", pack]
    with started(command, port, "/readyz", data_dir / "server.log", environment=settings) as server:
        yield server, Credentials(key.access_key_id, key.secret_access_key.get_secret_value())


@contextmanager
def moto(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", LOOPBACK, "-p", str(port)]
    with started(command, port, "/moto-api/", folder / "moto.log") as server:
        yield server
