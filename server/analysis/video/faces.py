"""Faces in stored video."""

from collections.abc import Sequence

from openrekog.api_spec.shapes import FaceDetection
from openrekog.collections_store.records import Finding
from openrekog.models.results import Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis.video.analysis import FrameByFrame, Job, VideoAnalysis, finding
from openrekog.server.media.videos import Frame

INTERVAL_MS = 500

# AWS answers FACE_OCCLUDED and EYE_DIRECTION for images only.
IN_VIDEO = report.ALL_ATTRIBUTES - {"FACE_OCCLUDED", "EYE_DIRECTION"}


def begin_face_detection(job: Job, _carry: bytes | None) -> VideoAnalysis:
    asked = report.wanted_attributes([job.request["FaceAttributes"]]) & IN_VIDEO

    def look(frames: Sequence[Frame]) -> list[Finding]:
        return [
            finding(element(frame, face), frame.timestamp_ms)
            for frame in frames
            for face in job.models.faces.find(frame.image, asked)
        ]

    def element(frame: Frame, face: Face) -> FaceDetection:
        detail = report.face_detail(face, asked, IN_VIDEO)
        return {"Timestamp": frame.timestamp_ms, "Face": detail}

    return FrameByFrame(INTERVAL_MS, look)
