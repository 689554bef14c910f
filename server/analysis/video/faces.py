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
    names = [job.request["FaceAttributes"]]
    asked, points = report.wanted_attributes(names) & IN_VIDEO, report.wanted_landmarks(names)

    def look(frames: Sequence[Frame]) -> list[Finding]:
        return [
            finding(element(frame, face), frame.timestamp_ms)
            for frame in frames
            for face in job.models.faces.find(frame.image, asked)
        ]

    def element(frame: Frame, face: Face) -> FaceDetection:
        return {"Timestamp": frame.timestamp_ms, "Face": report.face_detail(face, points)}

    return FrameByFrame(INTERVAL_MS, look)
