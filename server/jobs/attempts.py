"""How often the parts of jobs were begun: what ends the whole process, as a fault in a decoder
does, can only be noticed by the next one, and must not be tried for ever.

Power cuts and other jobs end processes too, so a number alone proves little; a process that is told
to end does not count. After two deaths in one part the decoder, and then each analysis, is tried in
a process of its own, which is a proof; after three, jobs that were done together are done alone, so
that one of them does not take the others with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from openrekog.collections_store.errors import Passing
from openrekog.collections_store.records import Job
from openrekog.collections_store.store import Store

SUSPICIOUS = 2
ALONE = 3

MOST = 10
"""Of a part that was begun so often, nobody knows what ends it, and nothing was proved: it does not
when it is tried alone; but something does."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Attempts:
    """The count of this process. It counts a part once, however often it does it: what it has
    survived, a busy database for instance, was no death."""

    store: Store
    _begun: dict[str, dict[str, int]] = field(default_factory=dict)
    """Leader -> job -> the part that was counted."""

    def begin(self, leader: str, jobs: Sequence[Job]) -> int:
        """Counts that the next part of jobs begins; how many processes have died in it before."""
        deaths = self.deaths(leader, jobs)
        counted = self._begun.setdefault(leader, {})
        new = [job for job in jobs if counted.get(job.job_id) != job.parts]
        if new:
            with self.store.write() as rows:
                rows.jobs.begin_part(new)
            counted |= {job.job_id: job.parts for job in new}
        return deaths

    def deaths(self, leader: str, jobs: Sequence[Job]) -> int:
        """How many processes have died in the next part of jobs, which are as they are stored."""
        counted = self._begun.get(leader, {})
        return max(job.attempts - (counted.get(job.job_id) == job.parts) for job in jobs)

    def take_back(self) -> None:
        """The process was told to end: whatever ends it from now on is not what it does. What it
        has done to the end was counted anew, and stays so."""
        begun = [pair for parts in [*self._begun.values()] for pair in [*parts.items()]]
        if not begun:
            return
        try:
            with self.store.write() as rows:
                rows.jobs.take_back_parts(begun)
        except Passing as error:
            log.warning("an orderly end counts as none", jobs=[*dict(begun)], error=repr(error))

    def forget(self, leader: str) -> None:
        self._begun.pop(leader, None)
