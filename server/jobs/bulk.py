"""What a worker does for a bulk job: some lines of a manifest at a time, and then the files."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO

import orjson
import structlog

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.shapes import MediaAnalysisJobFailureCode, S3Object
from openrekog.collections_store.errors import Passing
from openrekog.collections_store.records import Finding, Job, Scope
from openrekog.collections_store.store import Store
from openrekog.models.batching import BusyError
from openrekog.server.failures import unexpected
from openrekog.server.jobs import outputs
from openrekog.server.jobs.attempts import MOST, SUSPICIOUS, Attempts
from openrekog.server.jobs.bulk_lines import (
    FAILURE,
    RESULT,
    Progress,
    asked_by,
    deadly,
    failure,
    kebab_case,
)
from openrekog.server.jobs.manifest import Line, Mark, place_of, read_lines, source_ref
from openrekog.server.jobs.patience import BUSY, LONGEST_BLINK, patiently
from openrekog.server.media.objects import ObjectStore, Unreachable

log = structlog.get_logger(__name__)

LINES = 25
"""Lines in one part: what is done anew after a crash, at most."""

# One image is fetched and decoded while the models look at another.
THREADS = 2

# Two deaths may have been of a part with more lines.
DEADLY_AFTER = SUSPICIOUS + 2

# Rows read, or removed, in one transaction.
ROWS = 1000

CHANGED = "The manifest was changed or removed while the job was running."
EMPTY = "The manifest has no lines."
OUR_FAULT = "The analysis failed by an error of the server; its log says more."
ENDLESS = (
    "The job was tried {} times at line {} of the manifest, and each time the server's process was "
    "ended before it was done."
)

UNASKABLE: Mapping[type[ApiError], MediaAnalysisJobFailureCode] = {
    errors.ResourceNotFound: "RESOURCE_NOT_FOUND",
    errors.ResourceNotReady: "RESOURCE_NOT_READY",
}
"""What an operation says of a model or a collection, and never of an image: no line can be looked
at any more, and results that lack those that are left would look whole."""

Ask = Callable[[Scope, str, Mapping[str, Any]], bytes]
"""An operation's answer, as JSON, to the request of an account in a region."""


class JobFailedError(Exception):
    def __init__(self, code: MediaAnalysisJobFailureCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class BulkWork:
    """The parts of jobs on manifests."""

    store: Store
    objects: ObjectStore
    ask: Ask
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="bulk")
    )
    _attempts: Attempts = field(init=False)
    _looked: dict[str, dict[int, Finding]] = field(default_factory=dict)
    """Job -> lines of the part that is being done: what they gave is not asked for again while the
    others wait for a busy server."""

    def __post_init__(self) -> None:
        self._attempts = Attempts(self.store)

    def part(self, job_id: str, number: int) -> bool:
        """Looks at the next lines, writes the files after the last one, or clears up after the end
        of the job; whether there may be another part."""
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
        if job is None or job.status != "IN_PROGRESS":
            self._forget(job_id)
            self._clear(job)
            return False
        if job.parts <= number:  # else it was stored before a crash
            try:
                self._go_on(job, orjson.loads(job.request))
            except JobFailedError as failed:
                self._end(job, failed)
            except (Passing, Unreachable):
                raise
            except Exception as error:
                log.error("bulk job failed", job_id=job_id, exc_info=error)
                self._end(job, JobFailedError("INTERNAL_ERROR", OUR_FAULT))
        return True

    def give_up(self, job_id: str) -> None:
        self._forget(job_id)
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
        if job is not None:
            self._end(job, JobFailedError("INTERNAL_ERROR", OUR_FAULT))

    def leave(self) -> None:
        self._attempts.take_back()

    def close(self) -> None:
        self._threads.shutdown()

    def _forget(self, job_id: str) -> None:
        self._attempts.forget(job_id)
        self._looked.pop(job_id, None)

    def _go_on(self, job: Job, request: dict[str, Any]) -> None:
        done = Progress.unpack(job.carry)
        deaths = self._attempts.begin(job.job_id, [job])
        if deaths >= MOST:
            raise JobFailedError("INTERNAL_ERROR", ENDLESS.format(deaths, done.mark.line + 1))
        if job.parts == 0:
            self._write(outputs.place_for(job.job_id, request, outputs.ACCESS_CHECK), list)
        if deaths >= SUSPICIOUS and not done.is_careful:
            done = replace(done, careful=done.mark.line + LINES)
        lines, mark = patiently(partial(self._lines, job, done))
        if not lines:
            self._finish(job, request, done)
            return
        if len(lines) == 1 and deaths >= DEADLY_AFTER:
            found = [deadly(lines[0])]
        else:
            found = self._look_at(job, request, lines)
        self._keep(job, found, done.after(mark, found))

    def _keep(self, job: Job, found: list[Finding], done: Progress) -> None:
        told = {"done": done.mark.offset, "of": int(orjson.loads(job.source).get("Bytes", 0))}
        with self.store.write() as rows:
            rows.jobs.store_part(job, job.parts, found, done.pack())
            rows.jobs.describe(job, orjson.dumps(told).decode())
        self._looked.pop(job.job_id, None)

    def _lines(self, job: Job, done: Progress) -> tuple[list[Line], Mark]:
        with self._manifest(job) as file:
            return read_lines(file, done.mark, 1 if done.is_careful else LINES)

    @contextmanager
    def _manifest(self, job: Job) -> Iterator[BinaryIO]:
        source = orjson.loads(job.source)
        try:
            found = self.objects.open(source["Bucket"], source["Name"], source.get("Version"))
            with found.file as file:
                if found.identity != source["Identity"]:
                    raise JobFailedError("INVALID_MANIFEST", CHANGED)
                yield file
        except Unreachable:
            raise
        except ApiError as error:
            raise JobFailedError("INVALID_S3_OBJECT", CHANGED) from error

    def _look_at(self, job: Job, request: dict[str, Any], lines: list[Line]) -> list[Finding]:
        """Raises JobFailedError, or Passing where one of them has to wait."""
        name, parameters = asked_by(job, request)
        looked = self._looked.setdefault(job.job_id, {})

        def look(line: Line) -> None:
            looked[line.number] = self._look(job, name, parameters, line)

        # Drawn to its end, so that what the first one raises is raised.
        list(self._threads.map(look, [line for line in lines if line.number not in looked]))
        return [looked[line.number] for line in lines]

    def _look(self, job: Job, name: str, parameters: Mapping[str, Any], line: Line) -> Finding:
        """What the operation answers to the image of a line."""
        ref = None
        try:
            ref = source_ref(line.text)
            asked = {**parameters, "Image": {"S3Object": place_of(ref)}}
            answer = patiently(partial(self.ask, job.scope, name, asked), LONGEST_BLINK)
        except Passing:
            raise
        except (errors.ProvisionedThroughputExceeded, BusyError) as error:
            raise Passing(BUSY) from error
        except tuple(UNASKABLE) as error:
            raise JobFailedError(UNASKABLE[type(error)], error.message or "") from error
        except Unreachable as error:
            with self._manifest(job):  # raises Unreachable if it is not the image's fault
                return failure(line, ref, error)
        except ApiError as error:
            return failure(line, ref, error)
        except Exception as error:
            log.error("line of a manifest failed", source_ref=ref, exc_info=error)
            return failure(line, ref, unexpected())
        if "ProjectVersion" in asked and "ProjectVersion" not in orjson.loads(answer):
            raise JobFailedError("RESOURCE_NOT_READY", outputs.EXPIRED)
        members = {"source-ref": ref, kebab_case(name): orjson.Fragment(answer)}
        return Finding(RESULT, line.number, "", 0.0, orjson.dumps(members).decode())

    def _finish(self, job: Job, request: dict[str, Any], done: Progress) -> None:
        if done.valid + done.invalid == 0:
            raise JobFailedError("INVALID_MANIFEST", EMPTY)
        self._write(
            outputs.place_for(job.job_id, request, outputs.RESULTS),
            lambda: (f"{document}\n".encode() for document in self._documents(job, RESULT)),
        )
        self._write(
            outputs.place_for(job.job_id, request, outputs.SUMMARY),
            lambda: outputs.summary(done.valid, done.invalid, self._documents(job, FAILURE)),
        )
        with self.store.write() as rows:
            rows.jobs.end(job, "SUCCEEDED")

    def _write(self, place: S3Object, parts: Callable[[], Any]) -> None:
        """`parts` makes them anew for each try."""
        try:
            patiently(lambda: outputs.write(self.objects, place, parts()))
        except errors.AccessDenied as error:
            raise JobFailedError(
                "ACCESS_DENIED", f"The server may not write to the bucket {place['Bucket']}."
            ) from error
        except Unreachable:
            raise
        except errors.InvalidS3Object as error:
            raise JobFailedError(
                "INVALID_OUTPUT_CONFIG",
                f"There is no bucket {place['Bucket']}, or no key {place['Name']} is possible.",
            ) from error

    def _documents(self, job: Job, view: str) -> Iterator[str]:
        """In the order of the manifest."""
        after = None
        while True:
            with self.store.read() as rows:
                page = rows.jobs.findings(job, view, "time", ROWS, after)
            for finding in page.items:
                yield finding.document
            if page.after is None:
                return
            after = page.after

    def _end(self, job: Job, failed: JobFailedError) -> None:
        with self.store.write() as rows:
            rows.jobs.end(job, "FAILED", failed.message, failed.code)

    def _clear(self, job: Job | None) -> None:
        """What was found is in the owner's bucket by now."""
        more = job is not None
        while job is not None and more:
            with self.store.write() as rows:
                more = rows.jobs.forget_findings(job.key, ROWS)
