"""What a worker waits for, and what it gives up."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from openrekog.collections_store.errors import Busy, StorageFull, Unavailable
from openrekog.collections_store.records import Job, Scope
from openrekog.collections_store.store import Store
from openrekog.server.jobs import work as steps
from openrekog.server.jobs.work import STORE_AWAY, ClosedError, JobWork
from openrekog.server.media.notifications import Notifier
from openrekog.server.media.objects import Unreachable

SCOPE = Scope("111122223333", "us-east-1")


@dataclass
class Troubled:
    """Parts that meet with some troubles before they are done."""

    troubles: Iterator[Exception]
    met: int = 0
    given_up: list[str] = field(default_factory=list)
    busy: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def part(self, job_id: str, number: int) -> bool:
        trouble = next(self.troubles, None)
        if trouble is not None:
            self.met += 1
            raise trouble
        return False

    def give_up(self, job_id: str) -> None:
        self.given_up.append(job_id)

    def leave(self) -> None:
        self.left.set()

    def close(self) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    opened = Store.open(url, tmp_path / "index", housekeeping_interval=None)
    yield opened
    opened.close()


Make = Callable[..., tuple[JobWork, Troubled]]


@pytest.fixture
def make(store: Store, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setattr(steps, "PAUSES", (0.01,))

    def make(*troubles: Exception, patience: float = 60.0) -> tuple[JobWork, Troubled]:
        parts = Troubled(iter(troubles))
        return JobWork(store, Notifier(()), {"Troubled": parts}, patience), parts

    return make


@pytest.fixture
def job(store: Store) -> Job:
    with store.write() as rows:
        made = rows.jobs.create(SCOPE, "Troubled", "{}", source="{}", tag=None)
        rows.jobs.claim(made.job_id)
    return made


def now(store: Store, job: Job) -> Job:
    with store.read() as rows:
        found = rows.jobs.by_id(job.job_id)
    assert found is not None
    return found


def test_what_passes_is_waited_for(make: Make, store: Store, job: Job) -> None:
    faults = (Unreachable(), Unavailable("away"), Busy("busy"), StorageFull("full"))
    work, parts = make(*faults, *faults)
    assert not work.part(job.job_id, 0)
    assert now(store, job).status == "IN_PROGRESS"
    assert parts.met == 8


def test_a_store_that_stays_away_fails_the_job(make: Make, store: Store, job: Job) -> None:
    work, parts = make(*(Unreachable() for _ in range(1000)), patience=0.1)
    assert work.part(job.job_id, 0)
    ended = now(store, job)
    assert (ended.status, ended.message) == ("FAILED", STORE_AWAY)
    assert ended.failure_code == "INTERNAL_ERROR"
    assert parts.given_up == [job.job_id]


def test_no_database_is_away_for_too_long(make: Make, store: Store, job: Job) -> None:
    """Nobody could be told of the end of the job."""
    work, _ = make(*(Unavailable("away") for _ in range(30)), patience=0.1)
    assert not work.part(job.job_id, 0)


def test_other_faults_are_not_waited_for(make: Make, job: Job) -> None:
    work, _ = make(KeyError("surprise"))
    with pytest.raises(KeyError):
        work.part(job.job_id, 0)


def test_a_worker_that_ends_waits_no_longer(
    make: Make, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSES", (60.0,))
    work, parts = make(Unavailable("away"))
    ended = []

    def wait() -> None:
        with pytest.raises(ClosedError):
            work.part(job.job_id, 0)
        ended.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    while parts.met == 0:
        time.sleep(0.01)
    work.close()
    thread.join(5)
    assert ended == [True]


def test_parts_know_of_the_end_before_it_is_waited_for_them(store: Store, job: Job) -> None:
    """Whoever stops the server may not have the patience for that."""

    class Long(Troubled):
        def part(self, job_id: str, number: int) -> bool:
            self.busy.set()
            return not self.left.wait(20)

    parts = Long(iter(()))
    work = JobWork(store, Notifier(()), {"Troubled": parts})
    more: list[bool] = []
    thread = threading.Thread(target=lambda: more.append(work.part(job.job_id, 0)))
    thread.start()
    assert parts.busy.wait(5)
    work.close()
    thread.join()
    assert more == [False]
