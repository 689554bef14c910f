"""Runs `openrekog serve` as a process of its own, and gives clients for it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import orjson
from botocore.config import Config

from tests.acceptance.forks import Fork
from tests.acceptance.ports import free_port

COMMAND = Path(sys.executable).with_name("openrekog")
READY = re.compile(r"is ready on (http://\S+)")
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 40.0
SECONDS_TO_END = 120.0

FAKE: Mapping[str, Any] = {"packs": ["fake"]}


@dataclass
class ServerProcess:
    """One server with its own data folder; settings are named as in the `Settings` class."""

    data_dir: Path
    settings: Mapping[str, Any] = field(default_factory=lambda: FAKE)
    preexec: Any = None
    by_command: bool = False
    """Started as a user does, and not as a fork that is ready two seconds sooner."""
    url: str = ""
    process: subprocess.Popen[bytes] | Fork | None = None
    _clients: list[Any] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def start(self) -> "ServerProcess":
        """Returns once the ready line is printed; a restart listens where clients expect it."""
        port = str(self.port if self.url else free_port())
        self.process = self._begin(["serve", "--port", port, "--data-dir", str(self.data_dir)])
        self.url = self._wait_until_ready(self.process)
        return self

    def _begin(self, arguments: list[str]) -> subprocess.Popen[bytes] | Fork:
        environment = clean_environment() | as_environment(self.settings)
        if not (self.by_command or self.preexec):
            return Fork(arguments, environment, self.log)
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [COMMAND, *arguments],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=self.preexec,
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes] | Fork) -> str:
        give_up = time.monotonic() + SECONDS_TO_START
        while process.poll() is None and time.monotonic() < give_up:
            if ready := READY.search(self.log.read_text(errors="replace")):
                return ready[1]
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.log.read_text(errors='replace')}")

    def stop(self) -> int:
        """Ends it as an init system does; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """Ends it as a power cut does."""
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        try:
            return self.process.wait(SECONDS_TO_STOP)
        finally:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.kill()

    def client(
        self,
        region: str = "us-east-1",
        key: Mapping[str, str] | None = None,
        **config: Any,
    ) -> Any:
        """A client that tells the first error and leaves all checking to the server."""
        credentials = key or {"access_key_id": "any", "secret_access_key": "any"}
        client = aws_session().client(
            "rekognition",
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=credentials["access_key_id"],
            aws_secret_access_key=credentials["secret_access_key"],
            aws_session_token=credentials.get("session_token"),
            config=Config(
                **{"retries": {"total_max_attempts": 1}, "parameter_validation": False, **config}
            ),
        )
        self._clients.append(client)
        return client

    def command(self, *arguments: str | Path) -> str:
        """What `openrekog` prints that works on the data of this server, with its settings."""
        where = ("--data-dir", str(self.data_dir))
        done = completed([*map(str, arguments), *where], as_environment(self.settings))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_key(self, account: str, *options: str) -> Mapping[str, str]:
        """What `openrekog keys create` prints."""
        printed = self.command("keys", "create", "--account", account, *options)
        key: Mapping[str, str] = orjson.loads(printed)
        return key


def completed(
    arguments: Sequence[str], settings: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """What became of a command, run by a fork."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        status = Fork(arguments, clean_environment() | settings, out, err).wait(SECONDS_TO_END)
        return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())


@cache
def aws_session() -> boto3.session.Session:
    """Shared, because every new session reads the service model again."""
    return boto3.session.Session()


def clean_environment() -> dict[str, str]:
    """Ours, without what would configure the server, the AWS tools or a proxy."""
    unwanted = ("OPENREKOG_", "AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    if "OPENREKOG_MODELS_DIR" in os.environ:
        kept["OPENREKOG_MODELS_DIR"] = os.environ["OPENREKOG_MODELS_DIR"]
    return kept


def as_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"OPENREKOG_{name.upper()}": value
        if isinstance(value, str)
        else orjson.dumps(value).decode()
        for name, value in settings.items()
    }
