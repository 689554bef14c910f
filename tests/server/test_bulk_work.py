"""The steps of a bulk job, done by hand: images that end processes, and stores that go away."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from openrekog.api_spec import errors
from openrekog.collections_store.errors import Passing, Unavailable
from openrekog.collections_store.jobs import IMAGE_ANALYSIS
from openrekog.collections_store.records import Job, Scope
from openrekog.collections_store.store import Store
from openrekog.models.batching import BusyError
from openrekog.server.jobs import bulk as steps
from openrekog.server.jobs import patience
from openrekog.server.jobs.attempts import MOST
from openrekog.server.jobs.bulk import DEADLY_AFTER, ENDLESS, BulkWork
from openrekog.server.jobs.bulk_lines import DEADLY
from openrekog.server.media.objects import FolderObjects, Unreachable

SCOPE = Scope("111122223333", "us-east-1")
LINES = 60


class Death(BaseException):
    pass


Answer = Callable[[int], bytes]
"""What becomes of the image of a line, which may be anything that happens to a process."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    opened = Store.open(url, tmp_path / "index", housekeeping_interval=None)
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderObjects:
    monkeypatch.setattr(patience, "PAUSES", (0.01,))
    bucket = tmp_path / "buckets" / "photos"
    bucket.mkdir(parents=True)
    lines = (f'{{"source-ref": "s3://photos/{number}"}}\n' for number in range(1, LINES + 1))
    (bucket / "list.jsonl").write_text("".join(lines))
    return FolderObjects(bucket.parent)


@pytest.fixture
def job(store: Store, objects: FolderObjects) -> Job:
    found = objects.open("photos", "list.jsonl", None)
    found.file.close()
    place = {"Bucket": "photos", "Name": "list.jsonl", "Identity": found.identity}
    request = {
        "Operation": "DetectFaces",
        "Parameters": {},
        "OutputConfig": {"S3Bucket": "photos"},
    }
    with store.write() as rows:
        made = rows.jobs.create(
            SCOPE,
            IMAGE_ANALYSIS,
            orjson.dumps(request).decode(),
            source=orjson.dumps({**place, "Bytes": str(found.size)}).decode(),
            tag=None,
        )
        rows.jobs.claim(made.job_id)
    return made


def process(store: Store, objects: FolderObjects, answer: Answer) -> BulkWork:
    def ask(_scope: Scope, _name: str, request: Mapping[str, Any]) -> bytes:
        return answer(int(request["Image"]["S3Object"]["Name"]))

    return BulkWork(store, objects, ask)


def run(store: Store, objects: FolderObjects, job: Job, answer: Answer) -> int:
    """Does the job in as many processes as it takes; how many died."""
    for died in range(50):
        with closing(process(store, objects, answer)) as work:
            try:
                number = 0
                while work.part(job.job_id, number):
                    number += 1
            except Death:
                continue
            return died
    raise AssertionError("it never ends")


def now(store: Store, job: Job) -> Job:
    with store.read() as rows:
        found = rows.jobs.by_id(job.job_id)
    assert found is not None
    return found


def summary(objects: FolderObjects, job: Job) -> Any:
    return orjson.loads((objects.root / "photos" / job.job_id / "summary.json").read_bytes())


def fine(_line: int) -> bytes:
    return b"{}"


@pytest.mark.parametrize("deadly", [1, 7, 60])
def test_an_image_that_ends_processes_is_told_and_takes_nothing_with_it(
    store: Store, objects: FolderObjects, job: Job, deadly: int
) -> None:
    def answer(line: int) -> bytes:
        if line == deadly:
            raise Death
        return b"{}"

    assert run(store, objects, job, answer) <= 2 + DEADLY_AFTER
    assert now(store, job).status == "SUCCEEDED"
    told = summary(objects, job)
    assert told["statistics"]["valid-json-lines"] == LINES - 1
    assert told["errors"] == [
        {
            "line-numer": deadly,
            "source-ref": f"s3://photos/{deadly}",
            "code": "InvalidImageFormatException",
            "message": DEADLY,
        }
    ]


def test_what_ends_processes_besides_images_ends_the_job(
    store: Store, objects: FolderObjects, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_: Any) -> Any:
        raise Death

    monkeypatch.setattr(steps, "read_lines", dying)
    assert run(store, objects, job, fine) == MOST
    ended = now(store, job)
    assert (ended.status, ended.failure_code) == ("FAILED", "INTERNAL_ERROR")
    assert ended.message == ENDLESS.format(MOST, 1)


def test_a_store_that_is_away_fails_no_line(
    store: Store, objects: FolderObjects, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        monkeypatch.setattr(FolderObjects, "open", away)
        raise Unreachable

    whole = FolderObjects.open
    with closing(process(store, objects, away)) as work, pytest.raises(Unreachable):
        work.part(job.job_id, 0)
    monkeypatch.setattr(FolderObjects, "open", whole)
    assert run(store, objects, job, fine) == 0
    assert summary(objects, job)["statistics"]["valid-json-lines"] == LINES


def test_an_object_that_alone_cannot_be_read_fails_its_line(
    store: Store, objects: FolderObjects, job: Job
) -> None:
    def answer(line: int) -> bytes:
        if line == 7:
            raise Unreachable
        return b"{}"

    assert run(store, objects, job, answer) == 0
    assert [one["line-numer"] for one in summary(objects, job)["errors"]] == [7]


def test_a_database_that_is_away_fails_no_line(
    store: Store, objects: FolderObjects, job: Job
) -> None:
    def away(_line: int) -> bytes:
        raise Unavailable("away")

    with closing(process(store, objects, away)) as work, pytest.raises(Unavailable):
        work.part(job.job_id, 0)
    assert run(store, objects, job, fine) == 0
    assert summary(objects, job)["errors"] == []


@pytest.mark.parametrize("error", [BusyError, errors.ProvisionedThroughputExceeded])
def test_a_busy_server_fails_no_line_however_long_it_is_busy(
    store: Store, objects: FolderObjects, job: Job, error: type[Exception]
) -> None:
    asked: Counter[int] = Counter()

    def mostly_busy(line: int) -> bytes:
        asked[line] += 1
        if line > 3:
            raise error
        return b"{}"

    with closing(process(store, objects, mostly_busy)) as work:
        for _ in range(3):
            with pytest.raises(Passing):
                work.part(job.job_id, 0)
    assert [asked[line] for line in (1, 2, 3)] == [1, 1, 1]
    assert run(store, objects, job, fine) == 0
    assert summary(objects, job)["statistics"]["valid-json-lines"] == LINES


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ResourceNotReady("STOPPED"), "RESOURCE_NOT_READY"),
        (errors.ResourceNotFound("gone"), "RESOURCE_NOT_FOUND"),
    ],
)
def test_what_no_line_can_do_without_ends_the_job_and_leaves_no_results(
    store: Store, objects: FolderObjects, job: Job, error: errors.ApiError, code: str
) -> None:
    def answer(line: int) -> bytes:
        if line == LINES:
            raise error
        return b"{}"

    assert run(store, objects, job, answer) == 0
    ended = now(store, job)
    assert (ended.status, ended.failure_code, ended.message) == ("FAILED", code, error.message)
    left = [path.name for path in (objects.root / "photos" / job.job_id).iterdir()]
    assert left == [".write_access_check"]


def test_lines_with_and_without_an_adapter_are_not_mixed(
    store: Store, objects: FolderObjects, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "DetectModerationLabels", {"ProjectVersion": "arn"}
    monkeypatch.setattr(steps, "asked_by", lambda *_: asked)

    def answer(line: int) -> bytes:
        return b"{}" if line == LINES else b'{"ProjectVersion": "arn"}'

    assert run(store, objects, job, answer) == 0
    ended = now(store, job)
    assert (ended.status, ended.failure_code) == ("FAILED", "RESOURCE_NOT_READY")


def test_how_far_a_job_is_can_be_known(store: Store, objects: FolderObjects, job: Job) -> None:
    with closing(process(store, objects, fine)) as work:
        work.part(job.job_id, 0)
    detail = orjson.loads(now(store, job).detail or "")
    size = (objects.root / "photos" / "list.jsonl").stat().st_size
    assert detail["of"] == size
    assert 0.3 < detail["done"] / size < 0.5
