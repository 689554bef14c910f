"""What a worker does for jobs on stored videos, ten seconds of video at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import orjson
import structlog

from openrekog.api_spec.errors import ApiError
from openrekog.collections_store.errors import Passing
from openrekog.collections_store.records import Job, JobStatus
from openrekog.collections_store.store import Store
from openrekog.models.loaded import Models
from openrekog.server.analysis.video import analysis
from openrekog.server.jobs import blame
from openrekog.server.jobs.attempts import ALONE, SUSPICIOUS, Attempts
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.reading import PartDone, Reading, unpack_carry
from openrekog.server.media.ahead import open_video
from openrekog.server.media.objects import ObjectStore, StoredObject, Unreachable
from openrekog.server.media.pulse import StalledError
from openrekog.server.media.videos import VideoError, VideoInfo

log = structlog.get_logger(__name__)

SWAPPED = "The video was changed or removed while it was being analysed."
UNREADABLE = "The video was removed, or cannot be read any more: {}"
OUR_FAULT = "The analysis failed by an error of the server; its log says more."


@dataclass(slots=True)
class VideoWork:
    """The parts of jobs on stored videos. A video that is being read stays open between two."""

    store: Store
    models: Models
    objects: ObjectStore
    codecs: Sequence[str]
    celebrity_match_confidence: float
    patience: float
    """Seconds without any progress after which a decoder hangs."""
    rehearse: Callable[[str], bool]
    """Whether a process of its own survives `rehearsal` of a job."""
    _stalls: Counter[str] = field(default_factory=Counter)
    _readings: dict[str, Reading] = field(default_factory=dict)
    _attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self._attempts = Attempts(self.store)

    def part(self, leader: str, number: int) -> bool:
        """Does one part of the jobs that this one leads; whether there may be another."""
        with self.store.read() as rows:
            led = rows.jobs.led(leader)
        if not led:
            self._end_pass(leader)
            return False
        waiting = self._furthest_behind(leader, led)
        if waiting[0].parts > number:  # it was stored before a crash
            return True
        over = self._do(leader, waiting)
        more = not over or len(waiting) < len(led)
        if not more:
            self._end_pass(leader)
        return more

    def _do(self, leader: str, jobs: list[Job]) -> bool:
        """The next part of jobs; whether it was their last."""
        try:
            deaths = self._attempts.begin(leader, jobs)
            self._check_survival(jobs, deaths)
            if self._end_deadly(jobs, deaths):
                self._close(leader)
                return len(jobs) == 1
            reading = self._reading(leader, jobs)
            done = self._read(reading, jobs[0])
        except (Passing, Unreachable):
            # The analyses have seen some of this part: it is begun anew.
            self._close(leader)
            raise
        except StalledError:
            self._close(leader)
            return self._end_stalled(leader, jobs)
        except Exception as error:  # noqa: BLE001 - told to the jobs' owners, and logged
            self._close(leader)
            self._fail(jobs, error)
            return True
        self._store(jobs, done, over=reading.over)
        if reading.over:
            self._close(leader)
        return reading.over

    def give_up(self, leader: str) -> None:
        self._end_pass(leader)
        with self.store.read() as rows:
            led = rows.jobs.led(leader)
        self._end(led, "FAILED", OUR_FAULT)

    def leave(self) -> None:
        self._attempts.take_back()

    def close(self) -> None:
        for leader in list(self._readings):
            self._close(leader)

    def _furthest_behind(self, leader: str, led: list[Job]) -> list[Job]:
        """The jobs whose next part comes first: all of them, until they have brought down some
        processes together."""
        part = min(job.parts for job in led)
        behind = [job for job in led if job.parts == part]
        if self._attempts.deaths(leader, behind) < ALONE:
            return behind
        return [min(behind, key=lambda job: job.attempts)]

    def _check_survival(self, jobs: list[Job], deaths: int) -> None:
        """Raises VideoError where it is in vain to try a part again."""
        blame.check_deaths(jobs[0], deaths)
        if deaths >= SUSPICIOUS:
            self._try_video(jobs)

    def _try_video(self, jobs: list[Job]) -> None:
        """Raises VideoError if the decoder does not come through the part."""
        blame.try_video(jobs[0], self._object(jobs[0]), self.codecs, self.patience)

    def _end_deadly(self, jobs: list[Job], deaths: int) -> bool:
        """Ends the jobs whose analysis ends the process that does this part; whether any does."""
        if deaths < SUSPICIOUS:
            return False
        deadly = [job for job in jobs if not self.rehearse(job.job_id)]
        for job in deadly:
            log.error(
                "an analysis ends the process that does it", job_id=job.job_id, part=job.parts
            )
            self._end([job], "FAILED", blame.DEADLY.format(*blame.seconds(job)))
        return bool(deadly)

    def _end_stalled(self, leader: str, jobs: list[Job]) -> bool:
        """Ends the jobs if the decoder hangs in another process as well, or again and again;
        whether it did. Else the machine was too busy, or stood still."""
        self._stalls[leader] += 1
        log.error(
            "a decoder comes no further; its thread is left behind, and may be busy until the "
            "server is started again",
            job_ids=[job.job_id for job in jobs],
            seconds=self.patience,
        )
        try:
            self._try_video(jobs)
            blame.check_stalls(jobs[0], self._stalls[leader], self.patience)
        except VideoError as error:
            self._fail(jobs, error)
            return True
        return False

    def rehearsal(self, job_id: str) -> None:
        """Does the next part of a job alone, and stores nothing of it."""
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
        if job is not None and job.status == "IN_PROGRESS":
            with closing(self._open([job], job.parts)) as reading:
                reading.read_part()

    def _reading(self, leader: str, jobs: list[Job]) -> Reading:
        reading, part = self._readings.get(leader), jobs[0].parts
        if reading is None or not reading.goes_on_with(part, [job.job_id for job in jobs]):
            self._close(leader)
            reading = self._readings[leader] = self._open(jobs, part)
        return reading

    def _read(self, reading: Reading, job: Job) -> dict[str, PartDone]:
        """A part, if the object is still the one that was asked about: of a file that was changed
        meanwhile, frames are worth nothing, and its faults tell nothing."""
        try:
            return reading.read_part()
        finally:
            self._object(job).file.close()

    def _object(self, job: Job) -> StoredObject:
        source = orjson.loads(job.source)
        try:
            found = self.objects.open(source["Bucket"], source["Name"], source.get("Version"))
        except Unreachable:
            raise
        except ApiError as error:
            raise VideoError(UNREADABLE.format(error)) from error
        if found.identity != source["Identity"]:
            found.file.close()
            raise VideoError(SWAPPED)
        return found

    def _open(self, led: list[Job], number: int) -> Reading:
        with ExitStack() as undo:
            found = self._object(led[0])
            undo.callback(found.file.close)
            video = open_video(found.file, self.codecs, self.patience)
            undo.callback(video.close)
            self._describe(led, video.info)
            mark, _ = unpack_carry(led[0].carry)
            analyses = self._begin(led, video.info)
            reading = Reading(video, analyses, number, mark, self.patience)
            undo.pop_all()
        return reading

    def _begin(self, led: Iterable[Job], info: VideoInfo) -> dict[str, analysis.VideoAnalysis]:
        """The analyses of the jobs; one that cannot be begun ends its own job alone."""
        begun = {}
        for job in led:
            asked = analysis.Job(
                orjson.loads(job.request),
                info,
                self.models,
                self.store,
                job.scope,
                self.celebrity_match_confidence,
            )
            try:
                begun[job.job_id] = KINDS[job.operation](asked, unpack_carry(job.carry)[1])
            except Passing:
                raise
            except Exception as error:  # noqa: BLE001 - told to the job's owner, and logged
                self._fail([job], error)
        return begun

    def _describe(self, led: Iterable[Job], info: VideoInfo) -> None:
        detail = orjson.dumps(info).decode()
        with self.store.write() as rows:
            for job in led:
                rows.jobs.describe(job, detail)

    def _store(self, led: Iterable[Job], done: dict[str, PartDone], *, over: bool) -> None:
        """One transaction for all: either every job has this part, or none has."""
        with self.store.write() as rows:
            for job in led:
                outcome = done.get(job.job_id)
                if outcome is None:
                    continue
                if outcome.error is not None:
                    rows.jobs.end(job, "FAILED", reason(job, outcome.error))
                    continue
                rows.jobs.store_part(job, job.parts, outcome.found, outcome.carry)
                if over:
                    rows.jobs.end(job, "SUCCEEDED")

    def _fail(self, led: Iterable[Job], error: Exception) -> None:
        for job in led:
            self._end([job], "FAILED", reason(job, error))

    def _end(self, led: Iterable[Job], status: JobStatus, message: str) -> None:
        with self.store.write() as rows:
            for job in led:
                rows.jobs.end(job, status, message)

    def _end_pass(self, leader: str) -> None:
        self._close(leader)
        self._attempts.forget(leader)
        del self._stalls[leader]

    def _close(self, leader: str) -> None:
        reading = self._readings.pop(leader, None)
        if reading is not None:
            reading.close()


def reason(job: Job, error: Exception) -> str:
    """What the owner of a job is told of its end."""
    if isinstance(error, VideoError | ApiError):
        return str(error)
    log.error("analysis failed", job_id=job.job_id, exc_info=error)
    return OUR_FAULT
