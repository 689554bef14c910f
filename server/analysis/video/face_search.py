"""Known faces in a video: each is followed from frame to frame, and searched now and then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from openrekog.api_spec.shapes import FaceMatch, PersonMatch
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import Collection, Finding
from openrekog.models.results import Face, Vectors
from openrekog.server.analysis import faces as report
from openrekog.server.analysis.stored_faces import face_matches
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis, finding
from openrekog.server.analysis.video.persons import sortable
from openrekog.server.analysis.video.tracking import Tracker
from openrekog.server.media.videos import Frame, VideoError

INTERVAL_MS = 250
REFRESH_MS = 2_000
"""How often a face that stays in view is searched again: people turn round, and faces are added."""

MOST_MATCHES = 80

SAME = 30.0
"""Similarity from which a face is the one that its track had at the last search: boxes also overlap
over a cut. Strangers seldom reach it (80 is a false match in a thousand)."""


Vector = NDArray[np.float32]


@dataclass(slots=True)
class Known:
    """What the last search said of a track."""

    searched_ms: int
    matches: list[FaceMatch]
    vector: list[float]


@dataclass(slots=True)
class FaceSearch:
    job: Job
    collection: Collection
    tracker: Tracker
    known: dict[int, Known] = field(default_factory=dict)
    interval_ms: int = INTERVAL_MS

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        return [found for frame in frames for found in self._look(frame)]

    def end(self) -> list[Finding]:
        return []

    def put_away(self) -> bytes:
        living = {track.index for track in self.tracker.tracks}
        self.known = {index: known for index, known in self.known.items() if index in living}
        return orjson.dumps(
            {"tracker": self.tracker.put_away().decode(), "known": self.known},
            option=orjson.OPT_NON_STR_KEYS,
        )

    def _look(self, frame: Frame) -> list[Finding]:
        faces = self.job.models.faces.find(frame.image)
        indexes = self.tracker.update(
            frame.timestamp_ms, [face.box for face in faces], [face.confidence for face in faces]
        )
        followed = [
            (index, face) for index, face in zip(indexes, faces, strict=True) if index is not None
        ]
        if not followed:
            return []
        vectors = self.job.models.faces.embed(frame.image, [face for _, face in followed])
        owners = [
            self._owner(index, vector) for (index, _), vector in zip(followed, vectors, strict=True)
        ]
        self._search(frame.timestamp_ms, owners, vectors)
        return [
            element(frame.timestamp_ms, index, face, self.known[index].matches)
            for index, (_, face) in zip(owners, followed, strict=True)
        ]

    def _owner(self, index: int, vector: Vector) -> int:
        """Whose face it is that was found in the place of this track."""
        known = self.known.get(index)
        if known is None:
            return index
        cosine = float(np.dot(known.vector, vector))
        same = self.job.models.faces.similarity(cosine) >= SAME
        return index if same else self.tracker.replace(index)

    def _stale(self, index: int, timestamp_ms: int) -> bool:
        known = self.known.get(index)
        return known is None or timestamp_ms - known.searched_ms >= REFRESH_MS

    def _search(self, timestamp_ms: int, indexes: Sequence[int], vectors: Vectors) -> None:
        stale = [place for place, one in enumerate(indexes) if self._stale(one, timestamp_ms)]
        if not stale:
            return
        for place, matches in zip(stale, self._matches(vectors[stale]), strict=True):
            self.known[indexes[place]] = Known(timestamp_ms, matches, vectors[place].tolist())

    def _matches(self, vectors: Vectors) -> list[list[FaceMatch]]:
        faces, store = self.job.models.faces, self.job.store
        floor = faces.cosine(self.job.request["FaceMatchThreshold"])
        try:
            found = store.search_faces(self.collection, vectors, MOST_MATCHES, floor)
        except NotFound as error:
            raise VideoError(gone(self.collection.collection_id)) from error
        return [face_matches(faces.similarity, self.collection, matches) for matches in found]


def begin_face_search(job: Job, state: bytes | None) -> VideoAnalysis:
    name = job.request["CollectionId"]
    try:
        with job.store.read() as rows:
            collection = rows.collections.get(job.scope, name)
    except NotFound as error:
        raise VideoError(gone(name)) from error
    if not state:
        return FaceSearch(job, collection, Tracker())
    kept: dict[str, Any] = orjson.loads(state)
    known = {int(index): Known(**one) for index, one in kept["known"].items()}
    return FaceSearch(job, collection, Tracker.taken_up(kept["tracker"].encode()), known)


def gone(collection_id: str) -> str:
    return f"The collection {collection_id} was deleted while the video was being searched."


def element(timestamp_ms: int, index: int, face: Face, matches: Sequence[FaceMatch]) -> Finding:
    member: PersonMatch = {
        "Timestamp": timestamp_ms,
        "Person": {"Index": index, "Face": report.face_detail(face)},
        "FaceMatches": list(matches),
    }
    return finding(member, timestamp_ms, name=sortable(index), rank=timestamp_ms)
