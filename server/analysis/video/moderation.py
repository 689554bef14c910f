"""What in a stored video may need moderation, by frame and by the time that it is in view."""

from collections.abc import Sequence

from openrekog.api_spec.shapes import ModerationLabel
from openrekog.models.results import Image
from openrekog.server.analysis.moderation import moderate, moderation_labels
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis
from openrekog.server.analysis.video.spans import NamedThings, Seen

INTERVAL_MS = 500


def begin_content_moderation(job: Job, state: bytes | None) -> VideoAnalysis:
    least = job.request["MinConfidence"]

    def look(images: Sequence[Image]) -> list[list[Seen]]:
        return [
            [seen(label) for label in moderation_labels(findings, least)]
            for findings in moderate(job.models, images)
        ]

    return NamedThings(INTERVAL_MS, job.video.duration_ms, look).taken_up(state)


def seen(label: ModerationLabel) -> Seen:
    # No model tells drawings or games from photographs.
    member = {"ModerationLabel": label, "ContentTypes": []}
    return Seen(label["Name"], label["Confidence"], member, member)
