import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.jobs import MEDIA_ANALYSIS
from openrekog.collections_store.records import Finding, Job
from openrekog.collections_store.store import Scope, Store

DAY = 24 * 3600


def create(store: Store, scope: Scope, operation: str = MEDIA_ANALYSIS) -> Job:
    with store.write() as rows:
        return rows.jobs.create(scope, operation, "{}", source="{}", tag=None)


def found(number: int) -> Finding:
    return Finding("result", number, "", 0.0, f'{{"line":{number}}}')


def test_jobs_of_an_operation_are_listed_the_newest_first(store: Store, scope: Scope) -> None:
    ids = [create(store, scope).job_id for _ in range(5)]
    create(store, scope, "FaceDetection")
    create(store, Scope(scope.account_id, "elsewhere-1"))
    with store.read() as rows:
        first = rows.jobs.page(scope, MEDIA_ANALYSIS, 3)
        second = rows.jobs.page(scope, MEDIA_ANALYSIS, 3, first.after)
    assert [job.job_id for job in [*first.items, *second.items]] == ids[::-1]
    assert second.after is None


def test_an_ended_job_keeps_why_it_failed(store: Store, scope: Scope) -> None:
    job = create(store, scope)
    with store.write() as rows:
        assert rows.jobs.end(job, "FAILED", "No lines.", "INVALID_MANIFEST")
        assert not rows.jobs.end(job, "SUCCEEDED")
        ended = rows.jobs.get(scope, MEDIA_ANALYSIS, job.job_id)
    assert (ended.status, ended.failure_code) == ("FAILED", "INVALID_MANIFEST")
    assert ended.message == "No lines."


def test_a_message_may_repeat_whatever_was_given(store: Store, scope: Scope) -> None:
    with store.write() as rows:
        job = rows.jobs.create(scope, "A", "{}", source="s", tag=None)
        rows.jobs.end(job, "FAILED", "no key a\0b is possible")
    with store.read() as rows:
        assert rows.jobs.get(scope, "A", job.job_id).message == "no key a\ufffdb is possible"


def test_of_two_who_count_before_they_start_a_job_the_second_counts_the_first_ones(
    store: Store, scope: Scope
) -> None:
    with ThreadPoolExecutor(1) as other:

        def count() -> int:
            with store.write() as rows:
                return rows.jobs.open_count(scope.account_id)

        with store.write() as rows:
            assert rows.jobs.open_count(scope.account_id) == 0
            counted = other.submit(count)
            with pytest.raises(TimeoutError):  # it has to wait
                counted.result(0.2)
            rows.jobs.create(scope, "A", "{}", source="s", tag=None)
        assert counted.result() == 1


def test_a_job_waits_until_it_is_claimed(store: Store, scope: Scope) -> None:
    job = create(store, scope)
    assert job.leader is None
    with store.write() as rows:
        rows.jobs.claim(job.job_id)
    with store.read() as rows:
        assert rows.jobs.get(scope, MEDIA_ANALYSIS, job.job_id).leader == job.job_id


def test_a_part_is_stored_once(store: Store, scope: Scope) -> None:
    job = create(store, scope)
    for stored in (True, False):
        with store.write() as rows:
            assert rows.jobs.store_part(job, 0, [found(1), found(2)], b"carry") is stored
    with store.read() as rows:
        assert rows.jobs.findings(job, "result", "time", 9, None).items == [found(1), found(2)]


def test_findings_are_forgotten_a_part_at_a_time(store: Store, scope: Scope) -> None:
    job, other = create(store, scope), create(store, scope)
    with store.write() as rows:
        for each in (job, other):
            rows.jobs.store_part(each, 0, [*map(found, range(5))], b"")
    for more in (True, True, True, False):
        with store.write() as rows:
            assert rows.jobs.forget_findings(job.key, 2) is more
    with store.read() as rows:
        assert rows.jobs.findings(job, "result", "time", 9, None).items == []
        assert len(rows.jobs.findings(other, "result", "time", 9, None).items) == 5


@pytest.mark.parametrize(
    ("operation", "age", "kept"),
    [
        ("FaceDetection", 6.9 * DAY, True),
        ("FaceDetection", 7.1 * DAY, False),
        (MEDIA_ANALYSIS, 364 * DAY, True),
        (MEDIA_ANALYSIS, 366 * DAY, False),
    ],
)
def test_videos_are_kept_for_a_week_and_bulk_jobs_for_a_year(
    store: Store,
    scope: Scope,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    age: float,
    kept: bool,
) -> None:
    job = create(store, scope, operation)
    later = time.time() + age
    monkeypatch.setattr(time, "time", lambda: later)
    for _ in range(2):
        with store.read() as rows:
            if kept:
                assert rows.jobs.get(scope, operation, job.job_id) == job
            else:
                with pytest.raises(NotFound):
                    rows.jobs.get(scope, operation, job.job_id)
            assert len(rows.jobs.page(scope, operation, 9).items) == kept
        store.tidy()
    with store.read() as rows:
        assert (rows.jobs.by_id(job.job_id) is not None) is kept
