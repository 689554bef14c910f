"""The paths of persons through a video."""

from collections.abc import Iterable, Sequence

from openrekog.api_spec.shapes import PersonDetail, PersonDetection
from openrekog.collections_store.records import Finding
from openrekog.models.results import Box, Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis, finding
from openrekog.server.analysis.video.tracking import Tracker
from openrekog.server.media.videos import Frame

INTERVAL_MS = 200
"""At five frames a second a person who walks still overlaps with themselves."""

PERSON = "person"


class PersonTracking:
    interval_ms = INTERVAL_MS

    def __init__(self, job: Job, tracker: Tracker) -> None:
        self._models = job.models
        self._tracker = tracker

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        if not frames:
            return []
        detected = self._models.objects.detect([frame.image for frame in frames])
        return [
            element(frame.timestamp_ms, index, person.box, face_in(person.box, faces))
            for frame, objects in zip(frames, detected, strict=True)
            for persons in [[one for one in objects if one.name == PERSON]]
            for faces in [self._models.faces.find(frame.image) if persons else []]
            for person, index in zip(
                persons,
                self._tracker.update(
                    frame.timestamp_ms,
                    [one.box for one in persons],
                    [one.confidence for one in persons],
                ),
                strict=True,
            )
            if index is not None
        ]

    def end(self) -> list[Finding]:
        return []

    def put_away(self) -> bytes:
        return self._tracker.put_away()


def begin_person_tracking(job: Job, state: bytes | None) -> VideoAnalysis:
    return PersonTracking(job, Tracker.taken_up(state))


def element(timestamp_ms: int, index: int, box: Box, face: Face | None) -> Finding:
    person: PersonDetail = {"Index": index, "BoundingBox": report.bounding_box(box)}
    if face is not None:
        person["Face"] = report.face_detail(face)
    member: PersonDetection = {"Timestamp": timestamp_ms, "Person": person}
    return finding(member, timestamp_ms, name=sortable(index), rank=timestamp_ms)


def sortable(index: int) -> str:
    """An index as a name that sorts like the number."""
    return f"{index:010d}"


def face_in(person: Box, faces: Iterable[Face]) -> Face | None:
    """The largest face whose middle lies in the upper half of a person."""
    inside = (
        face
        for face in faces
        if 0 <= face.box.left + face.box.width / 2 - person.left <= person.width
        and 0 <= face.box.top + face.box.height / 2 - person.top <= person.height / 2
    )
    return report.largest(inside)
