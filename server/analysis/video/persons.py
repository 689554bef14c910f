"""The paths of persons through a video."""

from collections.abc import Iterable, Sequence

import orjson

from openrekog.api_spec.shapes import PersonDetail, PersonDetection
from openrekog.collections_store.records import Finding
from openrekog.models.loaded import Models
from openrekog.models.results import Box, DetectedObject, Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis, finding
from openrekog.server.analysis.video.cuts import Cuts
from openrekog.server.analysis.video.tracking import Tracker
from openrekog.server.media.videos import Frame

INTERVAL_MS = 200
"""At five frames a second a person who walks still overlaps with themselves."""

PERSON = "person"


class PersonTracking:
    interval_ms = INTERVAL_MS

    def __init__(self, models: Models, tracker: Tracker, cuts: Cuts) -> None:
        self._models = models
        self._tracker = tracker
        self._cuts = cuts

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        if not frames:
            return []
        detected = self._models.objects.detect([frame.image for frame in frames])
        return [
            found
            for frame, objects in zip(frames, detected, strict=True)
            for found in self._follow(frame, [one for one in objects if one.name == PERSON])
        ]

    def end(self) -> list[Finding]:
        return []

    def put_away(self) -> bytes:
        return orjson.dumps(
            {"tracker": self._tracker.put_away().decode(), "cuts": self._cuts.put_away()}
        )

    def _follow(self, frame: Frame, persons: Sequence[DetectedObject]) -> list[Finding]:
        if self._cuts.between(frame):
            self._tracker.forget()
        faces = self._models.faces.find(frame.image) if persons else []
        indexes = self._tracker.update(
            frame.timestamp_ms, [one.box for one in persons], [one.confidence for one in persons]
        )
        return [
            element(frame.timestamp_ms, index, person.box, face_in(person.box, faces))
            for person, index in zip(persons, indexes, strict=True)
            if index is not None
        ]


def begin_person_tracking(job: Job, state: bytes | None) -> VideoAnalysis:
    if not state:
        return PersonTracking(job.models, Tracker(), Cuts())
    kept = orjson.loads(state)
    if "tracker" not in kept:  # as former releases stored it
        return PersonTracking(job.models, Tracker.taken_up(state), Cuts())
    tracker = Tracker.taken_up(kept["tracker"].encode())
    return PersonTracking(job.models, tracker, Cuts.taken_up(kept["cuts"]))


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
