"""What a worker does for jobs on stored videos, ten seconds of video at a time."""

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

import orjson
import structlog

from openrekog.api_spec.errors import ApiError
from openrekog.collections_store.errors import StoreError
from openrekog.collections_store.records import Job, JobStatus
from openrekog.collections_store.store import Store
from openrekog.models.loaded import Models
from openrekog.server.analysis.video import analysis
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.reading import PartDone, Reading, unpack_carry
from openrekog.server.media.objects import ObjectStore, StoredObject
from openrekog.server.media.videos import Video, VideoError, VideoInfo

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
    codecs: Collection[str]
    celebrity_match_confidence: float
    _readings: dict[str, Reading] = field(default_factory=dict)

    def part(self, leader: str, number: int) -> bool:
        """Does one part of all jobs that this one leads; whether there may be another."""
        with self.store.read() as rows:
            led = rows.jobs.led(leader)
        waiting = [job for job in led if job.parts == number]
        if not waiting:
            self._close(leader)
            return bool(led)
        try:
            reading = self._reading(leader, waiting, number)
            done = self._read(reading, waiting[0])
        except StoreError:
            # The analyses have seen a part of this part: it is begun anew.
            self._close(leader)
            raise
        except Exception as error:  # noqa: BLE001 - told to the jobs' owners, and logged
            self._close(leader)
            self._fail(waiting, error)
            return False
        self._store(waiting, number, done, over=reading.over)
        if reading.over:
            self._close(leader)
        return not reading.over

    def give_up(self, leader: str) -> None:
        self._close(leader)
        with self.store.read() as rows:
            led = rows.jobs.led(leader)
        self._end(led, "FAILED", OUR_FAULT)

    def close(self) -> None:
        for leader in list(self._readings):
            self._close(leader)

    def _reading(self, leader: str, led: list[Job], number: int) -> Reading:
        reading = self._readings.get(leader)
        if reading is None or reading.part != number:
            self._close(leader)
            reading = self._readings[leader] = self._open(led, number)
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
            video = Video(found.file, self.codecs)
            undo.callback(video.close)
            self._describe(led, video.info)
            mark, _ = unpack_carry(led[0].carry)
            reading = Reading(video, self._begin(led, video.info), number, mark)
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
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - told to the job's owner, and logged
                self._fail([job], error)
        return begun

    def _describe(self, led: Iterable[Job], info: VideoInfo) -> None:
        detail = orjson.dumps(info).decode()
        with self.store.write() as rows:
            for job in led:
                rows.jobs.describe(job, detail)

    def _store(
        self, led: Iterable[Job], number: int, done: dict[str, PartDone], *, over: bool
    ) -> None:
        """One transaction for all: either every job has this part, or none has."""
        with self.store.write() as rows:
            for job in led:
                outcome = done.get(job.job_id)
                if outcome is None:
                    continue
                if outcome.error is not None:
                    rows.jobs.end(job, "FAILED", reason(job, outcome.error))
                    continue
                rows.jobs.store_part(job, number, outcome.found, outcome.carry)
                if over:
                    rows.jobs.end(job, "SUCCEEDED")

    def _fail(self, led: Iterable[Job], error: Exception) -> None:
        for job in led:
            self._end([job], "FAILED", reason(job, error))

    def _end(self, led: Iterable[Job], status: JobStatus, message: str) -> None:
        with self.store.write() as rows:
            for job in led:
                rows.jobs.end(job, status, message)

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
