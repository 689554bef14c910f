"""The paths of persons through a video."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from openrekog.api_spec.shapes import FaceDetail, PersonDetail, PersonDetection
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


@dataclass(frozen=True, slots=True)
class Seen:
    """The persons of a frame, each with a box, a confidence, and the face that is theirs."""

    timestamp_ms: int
    boxes: Sequence[Box]
    confidences: Sequence[float]
    faces: Sequence[FaceDetail | None]


@dataclass(slots=True)
class PersonTracking:
    """Who is seen waits until it is known whether a cut comes before."""

    models: Models
    tracker: Tracker = field(default_factory=Tracker)
    cuts: Cuts = field(default_factory=Cuts)
    waiting: list[Seen] = field(default_factory=list)
    interval_ms: int = INTERVAL_MS

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        if not frames:
            return []
        detected = self.models.objects.detect([frame.image for frame in frames])
        found = []
        for frame, objects in zip(frames, detected, strict=True):
            persons = [one for one in objects if one.name == PERSON]
            self.waiting.append(see(self.models, frame, persons))
            found += self._follow(self.cuts.feed(frame))
        return found

    def end(self) -> list[Finding]:
        return self._follow(self.cuts.end())

    def put_away(self) -> bytes:
        kept = {
            "tracker": self.tracker.put_away().decode(),
            "cuts": self.cuts.put_away(),
            "waiting": self.waiting,
        }
        return orjson.dumps(kept)

    @classmethod
    def taken_up(cls, models: Models, state: bytes) -> "PersonTracking":
        kept = orjson.loads(state)
        if "tracker" not in kept:  # as former releases stored it
            return cls(models, Tracker.taken_up(state))
        return cls(
            models,
            Tracker.taken_up(kept["tracker"].encode()),
            Cuts.taken_up(kept["cuts"]),
            [seen_again(each) for each in kept.get("waiting", ())],
        )

    def _follow(self, cuts: Iterable[bool]) -> list[Finding]:
        return [found for cut in cuts for found in self._follow_one(self.waiting.pop(0), cut=cut)]

    def _follow_one(self, seen: Seen, *, cut: bool) -> list[Finding]:
        if cut:
            self.tracker.forget()
        indexes = self.tracker.update(seen.timestamp_ms, seen.boxes, seen.confidences)
        return [
            element(seen.timestamp_ms, index, box, face)
            for index, box, face in zip(indexes, seen.boxes, seen.faces, strict=True)
            if index is not None
        ]


def see(models: Models, frame: Frame, persons: Sequence[DetectedObject]) -> Seen:
    faces = models.faces.find(frame.image) if persons else []
    theirs = [face_in(person.box, faces) for person in persons]
    return Seen(
        frame.timestamp_ms,
        [person.box for person in persons],
        [person.confidence for person in persons],
        [None if face is None else report.face_detail(face) for face in theirs],
    )


def seen_again(kept: Mapping[str, Any]) -> Seen:
    return Seen(**{**kept, "boxes": [Box(**box) for box in kept["boxes"]]})


def begin_person_tracking(job: Job, state: bytes | None) -> VideoAnalysis:
    return PersonTracking.taken_up(job.models, state) if state else PersonTracking(job.models)


def element(timestamp_ms: int, index: int, box: Box, face: FaceDetail | None) -> Finding:
    person: PersonDetail = {"Index": index, "BoundingBox": report.bounding_box(box)}
    if face is not None:
        person["Face"] = face
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
