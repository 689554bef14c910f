"""What is to blame where a part of a video does not come to its end, and what its owner is told."""

from collections.abc import Mapping, Sequence

from openrekog.collections_store.records import Job
from openrekog.server.jobs.attempts import MOST
from openrekog.server.jobs.reading import PART_MS
from openrekog.server.media import trial
from openrekog.server.media.objects import StoredObject
from openrekog.server.media.videos import VideoError

CRASHES = (
    "The video ends the process that decodes it, somewhere between {} and {} s. "
    "It is damaged, or made to do so; encode it anew."
)
HANGS = (
    "The video keeps its decoder busy without end, somewhere between {} and {} s. "
    "It is damaged, or made to do so; encode it anew."
)
FAULTS: Mapping[trial.Outcome, str] = {"dies": CRASHES, "hangs": HANGS}
DEADLY = (
    "The analysis of the video ends the process that does it, somewhere between {} and {} s; "
    "the server's log says more."
)
ENDLESS = (
    "The analysis of the video from {} s on was begun {} times, and each time the server's process "
    "was ended before it was done."
)
STALLED = (
    "The decoder of the video came no further for {:g} s, {} times, somewhere between {} and {} s."
)
MOST_STALLS = 3


def check_deaths(job: Job, deaths: int) -> None:
    """Raises VideoError after too many deaths of which nothing was proved."""
    if deaths >= MOST:
        raise VideoError(ENDLESS.format(seconds(job)[0], deaths))


def try_video(job: Job, found: StoredObject, codecs: Sequence[str], patience: float) -> None:
    """Raises VideoError if the decoder does not come through the next part of a job."""
    outcome = trial.outcome(found, codecs, *stretch(job), patience)
    if outcome in FAULTS:
        raise VideoError(FAULTS[outcome].format(*seconds(job)))


def check_stalls(job: Job, stalls: int, patience: float) -> None:
    """Raises VideoError where the decoder hung again and again, if only here."""
    if stalls >= MOST_STALLS:
        raise VideoError(STALLED.format(patience, stalls, *seconds(job)))


def stretch(job: Job) -> tuple[int, int]:
    """The milliseconds of the next part, with what the decoder is ahead of it."""
    return job.parts * PART_MS, (job.parts + 2) * PART_MS


def seconds(job: Job) -> tuple[int, int]:
    start, end = stretch(job)
    return start // 1000, end // 1000
