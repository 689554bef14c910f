"""Text in stored video."""

from collections.abc import Sequence

from openrekog.api_spec.shapes import TextDetectionResult
from openrekog.collections_store.records import Finding
from openrekog.server.analysis.text import Filters, FoundText, read_text, text_detection
from openrekog.server.analysis.video.analysis import FrameByFrame, Job, VideoAnalysis, finding
from openrekog.server.media.videos import Frame

INTERVAL_MS = 1_000


def begin_text_detection(job: Job, _state: bytes | None) -> VideoAnalysis:
    filters = Filters.of(job.request["Filters"])

    def look(frames: Sequence[Frame]) -> list[Finding]:
        read = read_text(job.models.text, [frame.image for frame in frames], filters)
        return [
            finding(element(frame, text), frame.timestamp_ms)
            for frame, found in zip(frames, read, strict=True)
            for text in found
        ]

    return FrameByFrame(INTERVAL_MS, look)


def element(frame: Frame, text: FoundText) -> TextDetectionResult:
    return {"Timestamp": frame.timestamp_ms, "TextDetection": text_detection(text)}
