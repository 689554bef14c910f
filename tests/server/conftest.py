"""The API on a real socket in this process, with handlers that a test brings along."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from openrekog.api_spec.service import load_service
from openrekog.server.access.auth import Authenticator
from openrekog.server.access.keys import KeyRing, KeysFile
from openrekog.server.access.limits import RateLimits
from openrekog.server.http.admission import ByteBudget, Workers
from openrekog.server.http.api import Api
from openrekog.server.http.app import create_app
from openrekog.server.http.bodies import BodyLimits
from openrekog.server.http.dispatch import Dispatcher
from openrekog.server.http.metrics import Metrics
from openrekog.server.http.origins import Origins
from openrekog.server.processes.listening import bind, build_server
from openrekog.server.services import open_services
from openrekog.server.settings import Settings

AWS_JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["__type"])


@dataclass(frozen=True)
class Line:
    """Plain HTTP to a port of this machine."""

    port: int

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())

    def call(self, operation: str, body: bytes = b"{}", **headers: str) -> Answer:
        """As an SDK calls."""
        target = f"RekognitionService.{operation}"
        return self.request(
            "POST", "/", body, {"content-type": AWS_JSON, "x-amz-target": target, **headers}
        )

    def plain(self, operation: str, body: bytes = b"{}") -> Answer:
        """As curl calls."""
        return self.request("POST", f"/{operation}", body, {"content-type": "application/json"})

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@dataclass(frozen=True)
class RunningApi(Line):
    api: Api


StartApi = Callable[..., RunningApi]


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[StartApi]:
    with running_apis(tmp_path) as start:
        yield start


@contextlib.contextmanager
def running_apis(folder: Path) -> Iterator[StartApi]:
    """Starts APIs that end with the block; `folder` may hold a keys file."""
    with contextlib.ExitStack() as running:

        def start(
            handlers: Mapping[str, Callable[..., Any]],
            *,
            threads: int = 4,
            max_queued: int = 16,
            max_body_bytes: int = 1024 * 1024,
            max_pending: int = 16 * 1024 * 1024,
            body_timeout: float = 20.0,
            rates: Mapping[str, float] | None = None,
            origins: tuple[str, ...] = (),
            shutdown_timeout: int = 5,
        ) -> RunningApi:
            service = load_service()
            workers = Workers(threads, max_queued)
            api = Api(
                Dispatcher(
                    service=service,
                    handlers=handlers,
                    authenticator=Authenticator(
                        KeyRing(KeysFile(folder / "keys.json")),
                        service=service.signing_name,
                        default_account="000000000000",
                        clock_skew=300,
                    ),
                    limits=RateLimits(rates or {}, service.operations),
                    services=None,  # type: ignore[arg-type]  # no handler of these tests asks
                ),
                workers,
                BodyLimits(max_body_bytes, body_timeout, ByteBudget(max_pending)),
                Origins(origins),
                Metrics(),
            )
            running.callback(workers.close)
            return RunningApi(running.enter_context(served(api, shutdown_timeout)), api)

        yield start


@contextlib.contextmanager
def served(app: Any, shutdown_timeout: int = 5) -> Iterator[int]:
    """Runs an ASGI app on a free port as the server does; the port."""
    listener, opened = bind("127.0.0.1", 0), threading.Event()
    server = build_server(app, shutdown_timeout, opened.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert opened.wait(10)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The whole app in this process, with the fake pack."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), packs=("fake",))
    metrics = Metrics()
    services = open_services(settings, observer=metrics.observe_model)
    try:
        app = create_app(services, KeyRing(KeysFile(settings.keys_path)), metrics)
        with served(app) as port:
            yield Line(port)
    finally:
        services.close()
