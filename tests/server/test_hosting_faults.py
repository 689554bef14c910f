"""What nobody expects while a model is opened costs that model its start, and nobody else; and a
server that lacks its pack does not spoil it for those that have it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openrekog.api_spec import errors
from openrekog.collections_store.records import NewVersion, ProjectVersion, Scope
from openrekog.collections_store.store import Store
from openrekog.models.custom.model_file import OtherFeaturesError
from openrekog.server.hosting import adapters, neighbours, running
from openrekog.server.hosting.adapters import Adapters
from openrekog.server.hosting.neighbours import Neighbours
from openrekog.server.hosting.running import Hosting, HostingTerms, UnusableModelError
from openrekog.server.hosting.units import UnitSize
from tests.acceptance.custom_models import store_of

NETWORKS = (b"ours", b"theirs", b"nobody's")
TERMS = HostingTerms(UnitSize(1, 1), 1000, on_demand=False, idle_seconds=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_of(tmp_path) as store:
        yield store


def put(store: Store, *contents: bytes) -> list[ProjectVersion]:
    with store.write() as rows:
        project = rows.projects.create(Scope("000000000000", "here"), "p", "CUSTOM_LABELS", None)
        made = []
        for number, content in enumerate(contents):
            made.append(rows.versions.create(project, NewVersion(f"v{number}", "{}", "STARTING")))
            rows.versions.put_content(made[-1], content)
    return made


def statuses(store: Store, versions: list[ProjectVersion]) -> list[str | None]:
    with store.read() as rows:
        found = [rows.versions.by_key(version.key) for version in versions]
    return [version and version.status for version in found]


@pytest.fixture
def hosting(store: Store, monkeypatch: pytest.MonkeyPatch) -> Hosting:
    """Whose models open by their contents."""

    def opened(content: bytes, network: Any, *_: Any, **__: Any) -> Any:
        if content == b"surprise":
            raise MemoryError
        if content.startswith(b"learnt on ") and content != b"learnt on " + network:
            raise OtherFeaturesError(content.decode().removeprefix("learnt on "), "ours")
        return content

    monkeypatch.setattr(running, "open_custom_model", opened)
    return server(store, "ours")


def server(store: Store, network: str) -> Hosting:
    nothing: Any = None
    models: Any = network.encode()
    return Hosting(store, models, nothing, TERMS, Neighbours(store, network, [network]))


def test_the_others_start(store: Store, hosting: Hosting) -> None:
    versions = put(store, b"surprise", b"good")
    hosting.look()
    assert statuses(store, versions) == ["FAILED", "RUNNING"]


def test_a_running_model_stays_so(store: Store, hosting: Hosting) -> None:
    """The next request may be luckier: a moment's lack of memory is no fault of the model."""
    [version] = put(store, b"good")
    hosting.look()
    hosting.forget(version)
    with store.write() as rows:
        rows.versions.put_content(version, b"surprise")
    with pytest.raises(MemoryError), hosting.asked(version):
        raise AssertionError
    assert statuses(store, [version]) == ["RUNNING"]


def test_a_model_is_left_to_the_server_that_has_its_pack(store: Store, hosting: Hosting) -> None:
    other = server(store, "theirs")
    ours, theirs, nobodys = put(store, *(b"learnt on " + name for name in NETWORKS))
    for one in (hosting, other):
        one._neighbours.beat()
    with capture_logs() as logs:
        for _ in range(3):
            hosting.look()
    assert statuses(store, [ours, theirs, nobodys]) == ["RUNNING", "STARTING", "FAILED"]
    other.look()
    assert statuses(store, [theirs]) == ["RUNNING"]
    with pytest.raises(UnusableModelError, match="another server does"), hosting.asked(theirs):
        raise AssertionError
    assert statuses(store, [theirs]) == ["RUNNING"]
    with other.asked(theirs) as opened:
        assert opened.model == b"learnt on theirs"
    left = [line["version"] for line in logs if "left to the servers" in line["event"]]
    assert left == [theirs.key]


def test_a_server_that_is_silent_for_long_has_no_models(
    store: Store, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    server(store, "theirs")._neighbours.beat()
    [version] = put(store, b"learnt on theirs")
    hosting.look()
    assert statuses(store, [version]) == ["STARTING"]
    monkeypatch.setattr(neighbours, "SILENCE", 0.0)
    hosting.look()
    assert statuses(store, [version]) == ["FAILED"]


def test_an_adapter_expires_only_where_no_server_has_its_pack(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: Any) -> Any:
        raise OtherFeaturesError("theirs", "ours")

    monkeypatch.setattr(adapters, "open_adapted_moderation", opened)
    nothing: Any = None
    ours = Adapters(store, nothing, nothing, 1000, Neighbours(store, "ours", ["ours"]))
    [version] = put(store, b"")
    version = replace(version, status="TRAINING_COMPLETED")
    with store.write() as rows:
        rows.versions.become(version, ["STARTING"], "TRAINING_COMPLETED")
    server(store, "theirs")._neighbours.beat()
    with pytest.raises(errors.ResourceNotReady):
        ours.get(version)
    assert statuses(store, [version]) == ["TRAINING_COMPLETED"]
    monkeypatch.setattr(neighbours, "SILENCE", 0.0)
    assert ours.get(version) is None
    assert statuses(store, [version]) == ["EXPIRED"]


def test_what_is_large_makes_room(store: Store, hosting: Hosting) -> None:
    first, second, third = put(store, bytes(400), bytes(500), bytes(300))
    kept = {version.key: hosting.open(version) for version in (first, second)}
    assert hosting.open(first) is kept[first.key]
    hosting.open(third)  # the one not asked for longest goes
    assert hosting.open(first) is kept[first.key]
    assert hosting.open(second) is not kept[second.key]
