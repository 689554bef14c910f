"""Background jobs: what was asked, how far the work is, and what was found so far."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import (
    Finding,
    Job,
    JobStatus,
    Order,
    Page,
    Position,
    Scope,
)
from openrekog.collections_store.session import Session, page_of
from openrekog.collections_store.tables import findings, jobs

MEDIA_ANALYSIS = "MediaAnalysis"
IMAGE_ANALYSIS = "ImageAnalysis"
"""The operations of bulk jobs: AWS's, for one image operation, and ours, for any."""

TRAINING = "Training"
"""The operation of the jobs that train versions."""

# At AWS results of videos can be read for seven days, and of a bulk job, whose results are files in
# a bucket, the details for a year. A training may wait long for its turn.
DAY = 24 * 3600.0
KEPT_FOR = 7 * DAY
KEPT_LONGER = {TRAINING: 365 * DAY, MEDIA_ANALYSIS: 365 * DAY, IMAGE_ANALYSIS: 365 * DAY}
FORGOTTEN_AT = jobs.c.created_at + case(KEPT_LONGER, value=jobs.c.operation, else_=KEPT_FOR)

IN_PROGRESS: JobStatus = "IN_PROGRESS"

# The columns that a listing of findings is sorted by; the key makes it total.
ORDERS: dict[Order, tuple[Any, ...]] = {
    "time": (findings.c.at, findings.c.key),
    "name": (findings.c.name, findings.c.rank, findings.c.key),
}


@dataclass(frozen=True, slots=True)
class Jobs:
    session: Session

    def create(
        self, scope: Scope, operation: str, request: str, *, source: str, tag: str | None
    ) -> Job:
        """`source` names the object that is worked on; jobs of one source may be done together."""
        row = self.session.connection.execute(
            insert(jobs)
            .values(
                account_id=scope.account_id,
                region=scope.region,
                job_id=secrets.token_hex(32),
                operation=operation,
                request=request,
                source=source,
                tag=tag,
                status=IN_PROGRESS,
                parts=0,
                created_at=self.session.now,
            )
            .returning(jobs)
        ).one()
        return _job(row)

    def get(self, scope: Scope, operation: str, job_id: str) -> Job:
        """A job of this operation that is not too old; raises NotFound."""
        row = self._one(self._of(scope, operation), jobs.c.job_id == job_id)
        if row is None:
            raise NotFound("job", job_id)
        return _job(row)

    def by_id(self, job_id: str) -> Job | None:
        """Whoever's it is: for the workers."""
        row = self._one(jobs.c.job_id == job_id)
        return None if row is None else _job(row)

    def page(
        self, scope: Scope, operation: str, limit: int, after: Position | None = None
    ) -> Page[Job]:
        """The jobs of an operation, newest first."""
        wanted = select(jobs).where(self._of(scope, operation))
        if after is not None:
            wanted = wanted.where(jobs.c.key < after)
        rows = self.session.connection.execute(wanted.order_by(jobs.c.key.desc()).limit(limit + 1))
        return page_of(rows.all(), limit, after, _job)

    def newest(self, limit: int) -> list[Job]:
        """The newest jobs of all accounts: for the operator."""
        statement = select(jobs).order_by(jobs.c.key.desc()).limit(limit)
        return [_job(row) for row in self.session.connection.execute(statement)]

    def open_count(self, account_id: str) -> int:
        """Jobs of an account that have not ended, in all regions; to a writer, no other one of the
        account is told before it has ended."""
        self.session.take_turn(f"jobs of {account_id}")
        which = and_(jobs.c.account_id == account_id, jobs.c.status == IN_PROGRESS)
        count = select(func.count()).select_from(jobs).where(which)
        return int(self.session.connection.scalar(count) or 0)

    def unfinished(self) -> list[str]:
        """Ids of the jobs that have not ended, oldest first."""
        ids = select(jobs.c.job_id).where(jobs.c.status == IN_PROGRESS).order_by(jobs.c.key)
        return [*self.session.connection.scalars(ids)]

    def claim(self, job_id: str) -> list[Job]:
        """Makes one job the leader of all that wait for the same source, and gives them all; none
        if the job has ended or another one leads it."""
        leader = self.by_id(job_id)
        if leader is None or leader.status != IN_PROGRESS:
            return []
        waiting = and_(
            jobs.c.status == IN_PROGRESS,
            jobs.c.account_id == leader.scope.account_id,
            jobs.c.region == leader.scope.region,
            jobs.c.source == leader.source,
            jobs.c.leader.is_(None),
        )
        self.session.connection.execute(update(jobs).where(waiting).values(leader=job_id))
        return self.led(job_id)

    def led(self, job_id: str) -> list[Job]:
        """The jobs that one leads, itself among them, as far as they have not ended."""
        led = select(jobs).where(jobs.c.leader == job_id, jobs.c.status == IN_PROGRESS)
        rows = self.session.connection.execute(led.order_by(jobs.c.key))
        return [_job(row) for row in rows]

    def describe(self, job: Job, detail: str) -> None:
        """Keeps what became known of the source, as JSON."""
        self.session.connection.execute(
            update(jobs).where(jobs.c.key == job.key).values(detail=detail)
        )

    def begin_part(self, begun: Sequence[Job]) -> None:
        """Counts a process that begins the next part of jobs."""
        keys = [job.key for job in begun]
        self.session.connection.execute(
            update(jobs).where(jobs.c.key.in_(keys)).values(attempts=jobs.c.attempts + 1)
        )

    def take_back_parts(self, begun: Iterable[tuple[str, int]]) -> None:
        """Counts for jobs, by id, one process less that began a part, if that is still the next."""
        for job_id, part in begun:
            self.session.connection.execute(
                update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.parts == part, jobs.c.attempts > 0)
                .values(attempts=jobs.c.attempts - 1)
            )

    def store_part(self, job: Job, part: int, found: Sequence[Finding], carry: bytes) -> bool:
        """Keeps what a part of the work found, and what the next one has to know. A part that is
        stored already is left as it is, so that it may be done again after a crash."""
        stored = self.session.connection.execute(
            update(jobs)
            .where(jobs.c.key == job.key, jobs.c.parts == part, jobs.c.status == IN_PROGRESS)
            .values(parts=part + 1, attempts=0, carry=carry)
        )
        if stored.rowcount and found:
            self.session.connection.execute(
                insert(findings), [{"job": job.key, **finding._asdict()} for finding in found]
            )
        return bool(stored.rowcount)

    def end(
        self, job: Job, status: JobStatus, message: str | None = None, code: str | None = None
    ) -> bool:
        """Whether it was this call that ended the job; `code` is the API's name of a failure."""
        ended = self.session.connection.execute(
            update(jobs)
            .where(jobs.c.key == job.key, jobs.c.status == IN_PROGRESS)
            .values(
                status=status,
                failure_code=code,
                message=message,
                ended_at=self.session.now,
                carry=None,
            )
        )
        return bool(ended.rowcount)

    def findings(
        self, job: Job, view: str, order: Order, limit: int, after: Position | None
    ) -> Page[Finding]:
        wanted = select(findings).where(findings.c.job == job.key, findings.c.view == view)
        columns = ORDERS[order]
        if after is not None:
            wanted = self._behind(wanted, columns, after)
        rows = self.session.connection.execute(wanted.order_by(*columns).limit(limit + 1)).all()
        return page_of(rows, limit, after, _finding)

    def forget_findings(self, key: int, limit: int) -> bool:
        """Removes some of what a job found; whether there may be more."""
        part = select(findings.c.key).where(findings.c.job == key).limit(limit)
        gone = self.session.connection.execute(delete(findings).where(findings.c.key.in_(part)))
        return bool(gone.rowcount)

    def forget_old(self, limit: int) -> bool:
        """Removes jobs that are too old, a part at a time; whether there may be more."""
        now = self.session.now
        # The first of both is for the index.
        old = and_(jobs.c.created_at <= now - KEPT_FOR, now >= FORGOTTEN_AT)
        key = self.session.connection.scalar(select(jobs.c.key).where(old).limit(1))
        if key is None:
            return False
        if not self.forget_findings(key, limit):
            self.session.connection.execute(delete(jobs).where(jobs.c.key == key))
        return True

    def _of(self, scope: Scope, operation: str) -> ColumnElement[bool]:
        return and_(
            jobs.c.account_id == scope.account_id,
            jobs.c.region == scope.region,
            jobs.c.operation == operation,
            self.session.now < FORGOTTEN_AT,
        )

    def _one(self, *which: ColumnElement[bool]) -> Row[Any] | None:
        return self.session.connection.execute(select(jobs).where(*which)).one_or_none()

    def _behind(self, wanted: Select[Any], columns: Sequence[Any], after: Position) -> Select[Any]:
        """Only the rows that come after the one of this key."""
        last = self.session.connection.execute(
            select(*columns).where(findings.c.key == after)
        ).one_or_none()
        if last is None:
            raise NotFound("finding", str(after))
        return wanted.where(tuple_(*columns) > tuple_(*last))


def _job(row: Row[Any]) -> Job:
    return Job(
        key=row.key,
        scope=Scope(row.account_id, row.region),
        job_id=row.job_id,
        operation=row.operation,
        request=row.request,
        source=row.source,
        tag=row.tag,
        status=row.status,
        failure_code=row.failure_code,
        message=row.message,
        detail=row.detail,
        leader=row.leader,
        parts=row.parts,
        attempts=row.attempts,
        carry=row.carry,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _finding(row: Row[Any]) -> Finding:
    return Finding(row.view, row.at, row.name, row.rank, row.document)
