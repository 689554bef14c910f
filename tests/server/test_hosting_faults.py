"""What nobody expects while a model is opened costs that model its start, and nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openrekog.collections_store.records import NewVersion, ProjectVersion, Scope
from openrekog.collections_store.store import Store
from openrekog.server.hosting import running
from openrekog.server.hosting.running import Hosting, HostingTerms
from openrekog.server.hosting.units import UnitSize
from tests.acceptance.custom_models import store_of

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

    def opened(content: bytes, *_: Any, **__: Any) -> Any:
        if content == b"surprise":
            raise MemoryError
        return content

    monkeypatch.setattr(running, "open_custom_model", opened)
    nothing: Any = None
    return Hosting(store, nothing, nothing, TERMS)


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


def test_what_is_large_makes_room(store: Store, hosting: Hosting) -> None:
    first, second, third = put(store, bytes(400), bytes(500), bytes(300))
    kept = {version.key: hosting.open(version) for version in (first, second)}
    assert hosting.open(first) is kept[first.key]
    hosting.open(third)  # the one not asked for longest goes
    assert hosting.open(first) is kept[first.key]
    assert hosting.open(second) is not kept[second.key]
