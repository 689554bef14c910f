"""People of the gallery of celebrities in stored video."""

from collections.abc import Iterable, Sequence

from openrekog.api_spec.shapes import CelebrityDetail, CelebrityRecognition
from openrekog.collections_store.errors import OtherGallery
from openrekog.collections_store.records import Celebrity, Finding
from openrekog.models.results import Box, DetectedObject, Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis.celebrities import SeenFace, celebrity_info, recognise
from openrekog.server.analysis.video.analysis import FrameByFrame, Job, VideoAnalysis, finding
from openrekog.server.analysis.video.persons import PERSON, face_in
from openrekog.server.media.videos import Frame, VideoError

INTERVAL_MS = 500


def begin_celebrity_recognition(job: Job, _state: bytes | None) -> VideoAnalysis:
    def look(frames: Sequence[Frame]) -> list[Finding]:
        images = [frame.image for frame in frames]
        try:
            recognised = recognise(
                job.models.faces, job.store, images, job.celebrity_match_confidence
            )
        except OtherGallery as error:
            raise VideoError(str(error)) from error
        return [
            element(frame.timestamp_ms, one, one.celebrity, body_of(one.face, bodies))
            for frame, seen in zip(frames, recognised, strict=True)
            for bodies in [bodies_of(job, frame, seen)]
            for one in seen
            if one.celebrity is not None
        ]

    return FrameByFrame(INTERVAL_MS, look)


def bodies_of(job: Job, frame: Frame, seen: Iterable[SeenFace]) -> list[DetectedObject]:
    """Persons are looked for only where somebody was recognised."""
    if all(one.celebrity is None for one in seen):
        return []
    (found,) = job.models.objects.detect([frame.image])
    return [one for one in found if one.name == PERSON]


def body_of(face: Face, bodies: Iterable[DetectedObject]) -> Box:
    """AWS gives the box of the whole body; the face's own where no body was found around it."""
    around = (body.box for body in bodies if face_in(body.box, [face]) is not None)
    return max(around, key=lambda box: box.area, default=face.box)


def element(timestamp_ms: int, seen: SeenFace, celebrity: Celebrity, body: Box) -> Finding:
    detail: CelebrityDetail = {
        **celebrity_info(celebrity),
        "Id": celebrity.celebrity_id,
        "Confidence": seen.confidence,
        "BoundingBox": report.bounding_box(body),
        "Face": report.face_detail(seen.face),
    }
    member: CelebrityRecognition = {"Timestamp": timestamp_ms, "Celebrity": detail}
    return finding(member, timestamp_ms, name=celebrity.celebrity_id, rank=timestamp_ms)
