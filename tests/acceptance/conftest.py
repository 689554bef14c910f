"""A server with the fake pack for most tests, and one with the real models for the others."""

import contextlib
import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.servers import COMMAND, FAKE, ServerProcess, clean_environment

Launch = Callable[..., ServerProcess]
REGIONS = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Shared by all tests: each has a region of its own in it, and sees nothing of the others."""
    running = ServerProcess(tmp_path_factory.mktemp("fake") / "data", by_command=True).start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def real_models() -> None:
    """Skips what needs weights where nobody has fetched them."""
    command = [str(COMMAND), "models", "verify"]
    if subprocess.run(command, env=clean_environment(), capture_output=True).returncode:
        pytest.skip("the default models are not here: openrekog models pull")


@pytest.fixture(scope="session")
def real_server(
    real_models: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """With the default packs, as a user starts it."""
    folder = tmp_path_factory.mktemp("real") / "data"
    running = ServerProcess(folder, {}, by_command=True).start()
    yield running
    running.close()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts servers that belong to one test alone: `launch(max_body_bytes=2048)`."""
    with contextlib.ExitStack() as running:

        def start(name: str = "data", preexec: Any = None, **settings: Any) -> ServerProcess:
            one = ServerProcess(tmp_path / name, {**FAKE, **settings}, preexec)
            running.callback(one.close)
            return one.start()

        yield start


@pytest.fixture
def region() -> str:
    return f"test-{next(REGIONS)}"


@pytest.fixture
def client(server: ServerProcess, region: str) -> Any:
    return server.client(region)


@pytest.fixture
def real_client(real_server: ServerProcess, region: str) -> Any:
    return real_server.client(region)


@pytest.fixture
def people(client: Any) -> str:
    """An empty collection."""
    client.create_collection(CollectionId="people")
    return "people"
