"""Labels in stored video, by frame and by the time that they are in view."""

from collections.abc import Sequence

from openrekog.models.results import Image
from openrekog.server.analysis import label_report as report
from openrekog.server.analysis.labels import FoundLabel, find_labels
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis
from openrekog.server.analysis.video.spans import NamedThings, Seen

INTERVAL_MS = 500


def begin_label_detection(job: Job, state: bytes | None) -> VideoAnalysis:
    least = job.request["MinConfidence"]
    settings = job.request.get("Settings", {}).get("GeneralLabels", {})

    def look(images: Sequence[Image]) -> list[list[Seen]]:
        return [
            [seen(each) for each in report.wanted(report.confident(found, least), settings)]
            for found in find_labels(job.models, images)
        ]

    return NamedThings(INTERVAL_MS, job.video.duration_ms, look).taken_up(state)


def seen(found: FoundLabel) -> Seen:
    """Segments have no instances, as at AWS: boxes are those of one moment."""
    member = report.label_member(found)
    without_boxes = report.label_member(FoundLabel(found.label, found.confidence))
    return Seen(found.label.name, found.confidence, {"Label": member}, {"Label": without_boxes})
