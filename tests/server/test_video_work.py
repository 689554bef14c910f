"""The steps of a worker, done by hand: what ends a job, and what does not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import orjson
import pytest

from openrekog.collections_store.errors import Busy
from openrekog.collections_store.records import Job, Scope
from openrekog.server.analysis.video.analysis import FrameByFrame, finding
from openrekog.server.context import Services
from openrekog.server.jobs import video as steps
from openrekog.server.jobs.attempts import MOST, SUSPICIOUS
from openrekog.server.jobs.blame import CRASHES, DEADLY, ENDLESS, HANGS, STALLED
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.video import OUR_FAULT, SWAPPED, VideoWork
from openrekog.server.media import trial, videos
from openrekog.server.media.objects import FolderObjects, ObjectStore, StoredObject
from openrekog.server.media.s3 import S3Objects
from openrekog.server.media.videos import VideoError
from openrekog.server.services import open_services
from openrekog.server.settings import Settings
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.videos import write_video

SCOPE = Scope("111122223333", "us-east-1")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = open_services(Settings(data_dir=tmp_path_factory.mktemp("data"), packs=["fake"]))
    yield opened
    opened.close()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two and a half parts."""
    return film_of(tmp_path / "videos" / "film.mp4", 250)


def film_of(path: Path, frames: int) -> Path:
    pictures = (np.full((240, 320, 3), index % 256, np.uint8) for index in range(frames))
    return write_video(path, pictures, preset="ultrafast")


@pytest.fixture
def work(services: Services, film: Path) -> Iterator[VideoWork]:
    with closing(worker(services, FolderObjects(film.parent.parent))) as one:
        yield one


def worker(services: Services, objects: ObjectStore) -> VideoWork:
    return VideoWork(services.store, services.models, objects, ("h264",), 95.0, 60.0, lives)


def lives(_job_id: str) -> bool:
    """What a rehearsal finds of a job that ends no process but this one."""
    return True


def start(work: VideoWork, *operations: str) -> list[str]:
    found = work.objects.open("videos", "film.mp4", None)
    found.file.close()
    place = {"Bucket": "videos", "Name": "film.mp4", "Identity": found.identity}
    source = orjson.dumps(place).decode()
    request = orjson.dumps({"Video": {}, "FaceAttributes": "DEFAULT", "Filters": {}}).decode()
    with work.store.write() as rows:
        jobs = [
            rows.jobs.create(SCOPE, operation, request, source=source, tag=None)
            for operation in operations
        ]
        return [job.job_id for job in rows.jobs.claim(jobs[0].job_id)]


def job(work: VideoWork, job_id: str) -> Job:
    with work.store.read() as rows:
        found = rows.jobs.by_id(job_id)
    assert found is not None
    return found


def ending(work: VideoWork, job_id: str) -> tuple[str, str | None]:
    ended = job(work, job_id)
    return ended.status, ended.message


def finish(work: VideoWork, leader: str, number: int = 0) -> None:
    while work.part(leader, number):
        number += 1


def times(work: VideoWork, job_id: str) -> list[int]:
    with work.store.read() as rows:
        page = rows.jobs.findings(job(work, job_id), "", "time", 1000, None)
    return [one.at for one in page.items]


def failing(error: Exception, after: int) -> Any:
    """An analysis that fails once it has been fed so many times."""

    def begin(_job: Any, _state: Any) -> FrameByFrame:
        fed = iter(range(after))

        def look(_frames: Any) -> list[Any]:
            if next(fed, None) is None:
                raise error
            return []

        return FrameByFrame(500, look)

    return begin


def stamps(_job: Any, _state: Any) -> FrameByFrame:
    return FrameByFrame(500, lambda frames: [finding({}, frame.timestamp_ms) for frame in frames])


def refusing(error: Exception) -> Any:
    def begin(_job: Any, _state: Any) -> FrameByFrame:
        raise error

    return begin


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    made: dict[str, Any] = {**KINDS, "Stamps": stamps}
    monkeypatch.setattr(steps, "KINDS", made)
    return made


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        (failing(KeyError("surprise"), 3), OUR_FAULT),
        (failing(VideoError("no"), 0), "no"),
        (refusing(KeyError("surprise")), OUR_FAULT),
        (refusing(VideoError("not this one")), "not this one"),
    ],
    ids=["unexpected", "expected", "unexpected at the start", "expected at the start"],
)
def test_what_fails_in_one_analysis_is_that_jobs_alone(
    work: VideoWork, kinds: dict[str, Any], begin: Any, message: str
) -> None:
    kinds["Failing"] = begin
    failed, other = start(work, "Failing", "Stamps")
    finish(work, failed)
    assert ending(work, failed) == ("FAILED", message)
    assert ending(work, other) == ("SUCCEEDED", None)
    assert times(work, other) == [*range(0, 25_000, 500)]


def test_a_job_that_cannot_begin_ends_and_is_not_read_for(
    work: VideoWork, kinds: dict[str, Any]
) -> None:
    kinds["Failing"] = refusing(VideoError("no"))
    [failed] = start(work, "Failing")
    finish(work, failed)
    assert ending(work, failed) == ("FAILED", "no")


@pytest.mark.parametrize("moment", [0, 4], ids=["at the start", "amid a part"])
def test_a_busy_database_fails_nobody(work: VideoWork, kinds: dict[str, Any], moment: int) -> None:
    """The queue does the step again."""
    troubles = iter([Busy("busy")])

    def begin(_job: Any, _state: Any) -> FrameByFrame:
        fed = iter(range(1000))

        def look(frames: Any) -> Any:
            if next(fed) == moment and (trouble := next(troubles, None)):
                raise trouble
            return stamps(None, None).look(frames)

        return FrameByFrame(500, look)

    kinds["Busy"] = begin
    [one] = start(work, "Busy")
    with pytest.raises(Busy):
        finish(work, one)
    finish(work, one, job(work, one).parts)
    assert ending(work, one) == ("SUCCEEDED", None)
    assert times(work, one) == [*range(0, 25_000, 500)]


def test_a_step_that_cannot_be_done_ends_its_jobs(work: VideoWork, kinds: dict[str, Any]) -> None:
    first, second = start(work, "Stamps", "Stamps")
    work.part(first, 0)
    work.give_up(first)
    for one in (first, second):
        assert ending(work, one) == ("FAILED", OUR_FAULT)


def test_a_file_that_is_replaced_amid_a_job_is_noticed(
    work: VideoWork, kinds: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    [one] = start(work, "Stamps")
    assert work.part(one, 0)
    film_of(tmp_path / "new.mp4", 100).replace(film)
    finish(work, one, 1)
    assert ending(work, one) == ("FAILED", SWAPPED)


def test_a_file_that_is_overwritten_amid_a_job_is_noticed(
    work: VideoWork, kinds: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    [one] = start(work, "Stamps")
    assert work.part(one, 0)
    film.write_bytes(film_of(tmp_path / "new.mp4", 100).read_bytes())
    finish(work, one, 1)
    assert ending(work, one) == ("FAILED", SWAPPED)


def test_a_file_that_is_removed_amid_a_job_is_noticed(
    work: VideoWork, kinds: dict[str, Any], film: Path
) -> None:
    [one] = start(work, "Stamps")
    assert work.part(one, 0)
    film.unlink()
    finish(work, one, 1)
    status, message = ending(work, one)
    assert status == "FAILED"
    assert str(message).startswith("The video was removed, or cannot be read any more: ")


def test_an_object_that_is_replaced_amid_a_job_is_noticed(
    services: Services, kinds: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    other = film_of(tmp_path / "new.mp4", 100)
    with moto() as url, closing(aws_client("s3", url)) as s3:
        s3.create_bucket(Bucket="videos")
        s3.upload_file(str(film), "videos", "film.mp4")
        objects = S3Objects.connect(url, "any", "any")
        with closing(objects.client), closing(worker(services, objects)) as work:
            whole, swapped = (start(work, "Stamps")[0] for _ in range(2))
            finish(work, whole)
            assert work.part(swapped, 0)
            s3.upload_file(str(other), "videos", "film.mp4")
            finish(work, swapped, 1)
            assert ending(work, whole) == ("SUCCEEDED", None)
            assert ending(work, swapped) == ("FAILED", SWAPPED)


class Death(BaseException):
    pass


def dying(at_ms: int, deaths: int) -> Any:
    """An analysis that ends its process so many times at a frame."""
    left = iter(range(deaths))

    def begin(_job: Any, _state: Any) -> FrameByFrame:
        def look(frames: Any) -> Any:
            if (
                any(frame.timestamp_ms == at_ms for frame in frames)
                and next(left, None) is not None
            ):
                raise Death
            return stamps(None, None).look(frames)

        return FrameByFrame(500, look)

    return begin


def run(work: VideoWork, leader: str) -> int:
    """Does the jobs in as many processes as it takes; how many died."""
    for died in range(30):
        with closing(worker_like(work)) as one:
            try:
                finish(one, leader)
            except Death:
                continue
            return died
    raise AssertionError("it never ends")


def worker_like(work: VideoWork) -> VideoWork:
    return VideoWork(
        work.store, work.models, work.objects, ("h264",), 95.0, work.patience, work.rehearse
    )


def trials(monkeypatch: pytest.MonkeyPatch, expected: trial.Outcome) -> None:
    def outcome(found: StoredObject, *_: Any) -> trial.Outcome:
        found.file.close()
        return expected

    monkeypatch.setattr(trial, "outcome", outcome)


def test_an_analysis_that_ends_the_process_fails_its_own_job_alone(
    work: VideoWork, kinds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials(monkeypatch, "lives")
    kinds["Dying"] = dying(12_000, 30)
    before, deadly, after = start(work, "Stamps", "Dying", "Stamps")
    assert run(work, before) == MOST
    assert ending(work, deadly) == ("FAILED", ENDLESS.format(10, MOST))
    for one in (before, after):
        assert ending(work, one) == ("SUCCEEDED", None)
        assert times(work, one) == [*range(0, 25_000, 500)]


def test_an_analysis_that_is_proved_to_end_processes_fails_sooner(
    services: Services, work: VideoWork, kinds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials(monkeypatch, "lives")
    kinds["Dying"] = dying(12_000, 30)
    before, deadly, after = start(work, "Stamps", "Dying", "Stamps")
    work.rehearse = lambda job_id: job_id != deadly
    assert run(work, before) == SUSPICIOUS
    assert ending(work, deadly) == ("FAILED", DEADLY.format(10, 30))
    for one in (before, after):
        assert ending(work, one) == ("SUCCEEDED", None)
        assert times(work, one) == [*range(0, 25_000, 500)]


def test_a_process_that_was_told_to_end_counts_as_no_death(
    work: VideoWork, kinds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it killed while it does so."""
    kinds["Dying"] = dying(12_000, 30)
    [one] = start(work, "Dying")
    for _ in range(SUSPICIOUS + 1):
        leaving = worker_like(work)
        with closing(leaving), pytest.raises(Death):
            finish(leaving, one)
        leaving.leave()
    assert job(work, one).attempts == 0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """At 12 s the decoder hangs, as often as there is something in the list."""
    decode, over, times = videos._decode, Event(), [True]

    def hang(packet: Any) -> Any:
        if (packet.pts or 0) * packet.time_base >= 12 and not over.is_set() and times:
            times.pop()
            over.wait(60)
        return decode(packet)

    monkeypatch.setattr(videos, "_decode", hang)
    yield times
    over.set()


@pytest.mark.parametrize(
    ("outcome", "hangs", "expected"),
    [
        ("hangs", 1, ("FAILED", HANGS.format(10, 30))),
        ("lives", 1, ("SUCCEEDED", None)),
        ("lives", 9, ("FAILED", STALLED.format(0.5, 3, 10, 30))),
    ],
    ids=["elsewhere too", "once", "always here"],
)
def test_a_decoder_that_hangs_hangs_no_job(
    work: VideoWork,
    kinds: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    hanging: list[bool],
    outcome: trial.Outcome,
    hangs: int,
    expected: tuple[str, str | None],
) -> None:
    trials(monkeypatch, outcome)
    hanging[:] = [True] * hangs
    work.patience = 0.5
    one, other = start(work, "Stamps", "Stamps")
    finish(work, one)
    assert ending(work, one) == ending(work, other) == expected
    assert len(times(work, one)) == (50 if expected[0] == "SUCCEEDED" else 20)


def test_deaths_that_are_no_fault_of_the_video_fail_nobody(
    work: VideoWork, kinds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven in each of two parts, as bad luck in a row of restarts may have it."""
    trials(monkeypatch, "lives")
    kinds["First"], kinds["Second"] = dying(3_000, 7), dying(12_000, 7)
    first, second = start(work, "First", "Second")
    assert run(work, first) == 14
    for one in (first, second):
        assert ending(work, one) == ("SUCCEEDED", None)
        assert times(work, one) == [*range(0, 25_000, 500)]


def test_what_a_process_survives_is_no_death(work: VideoWork, kinds: dict[str, Any]) -> None:
    kinds["Busy"] = failing(Busy("busy"), 0)
    [one] = start(work, "Busy")
    for _ in range(MOST + 1):
        with pytest.raises(Busy):
            work.part(one, 0)
    assert job(work, one).attempts == 1


def test_a_file_that_ends_the_decoder_fails_once_that_is_proved(
    work: VideoWork, kinds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds["Dying"] = dying(12_000, 30)
    trials(monkeypatch, "dies")
    jobs = start(work, "Dying", "Stamps")
    assert run(work, jobs[0]) == SUSPICIOUS
    for one in jobs:
        assert ending(work, one) == ("FAILED", CRASHES.format(10, 30))
