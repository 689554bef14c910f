"""An index on disk: segment files named after what they hold, and a manifest that names them.

A full segment's file never changes; a save writes the last segment and the manifest, and the
manifest's rename makes it count. Whatever does not fit its checksum is read as nothing: the index
is then built from the rows. That is why nothing here is forced to the disk.
"""

import base64
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.changes import Halves, Keys
from openrekog.collections_store.index.segment import Segment
from openrekog.collections_store.index.vector_index import VectorIndex

FORMAT = 1
MANIFEST = "manifest"
LOCK = "lock"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentAt:
    """A segment at one moment. It is kept, because its memory may be looked into."""

    segment: Segment
    file: str | None
    keys: Keys
    halves: Halves
    alive: NDArray[np.bool_]

    @classmethod
    def of(cls, segment: Segment) -> "SegmentAt":
        # Keys are replaced and never changed; vectors stay where they are once there is no room.
        halves = segment.halves.copy() if segment.room else segment.halves
        return cls(segment, segment.file, segment.keys, halves, segment.alive.copy())


@dataclass(frozen=True, slots=True)
class IndexAt:
    """An index at one moment, to be written while it is searched and goes on changing."""

    index: VectorIndex
    revision: int
    unsaved: int
    segments: list[SegmentAt]

    @classmethod
    def of(cls, index: VectorIndex) -> "IndexAt":
        segments = [SegmentAt.of(segment) for segment in index.segments]
        return cls(index, index.revision, index.unsaved, segments)

    def saved_as(self, names: list[str]) -> None:
        """Tells the index what of it is written by now."""
        for part, name in zip(self.segments, names, strict=True):
            if part.segment.keys is part.keys:
                part.segment.file = name
        self.index.unsaved -= self.unsaved


def save(now: IndexAt, folder: Path, face_model: str) -> list[str]:
    """Writes what is not there yet, and returns the files' names, one a segment."""
    with _alone(folder):
        names = [_save_segment(part, folder) for part in now.segments]
        body = {
            "format": FORMAT,
            "dimension": now.index.dimension,
            "face_model": face_model,
            "revision": now.revision,
            "segments": [
                {"file": name, "rows": len(part.keys), "alive": _bits(part.alive)}
                for name, part in zip(names, now.segments, strict=True)
            ],
        }
        text = json.dumps(body).encode()
        _write(folder / MANIFEST, [hashlib.sha256(text).hexdigest().encode(), b"\n", text])
        _sweep(folder, set(names))
    return names


def load(folder: Path, dimension: int, face_model: str) -> VectorIndex | None:
    """The index as it was saved, or None if there is none that is whole and of this model."""
    if not (folder / MANIFEST).exists():
        return None
    try:
        with _alone(folder):
            body = _manifest(folder)
            if (body["format"], body["dimension"], body["face_model"]) != (
                FORMAT,
                dimension,
                face_model,
            ):
                return None
            segments = [_load_segment(folder, dimension, part) for part in body["segments"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("index %s is damaged (%s) and is built anew from the rows", folder, error)
        return None
    index = VectorIndex(dimension)
    index.adopt(segments, body["revision"])
    return index


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps another process from sweeping away what this one is about to name."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _save_segment(part: SegmentAt, folder: Path) -> str:
    columns = [np.ascontiguousarray(column).data for column in (part.keys, part.halves)]
    name = part.file or _hash(columns)
    if not (folder / name).exists():
        _write(folder / name, columns)
    return name


def _hash(parts: list[memoryview]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _load_segment(folder: Path, dimension: int, part: dict[str, Any]) -> Segment:
    data = (folder / str(part["file"])).read_bytes()
    if hashlib.sha256(data).hexdigest() != part["file"]:
        raise ValueError(f"{part['file']} does not hold what it is named after")
    rows = int(part["rows"])
    keys = np.frombuffer(data, np.int64, count=rows)
    halves = np.frombuffer(data, np.float16, offset=keys.nbytes).reshape(rows, dimension)
    segment = Segment(dimension)
    segment.append(keys, halves)
    packed = np.frombuffer(base64.b64decode(part["alive"]), np.uint8)
    alive = np.unpackbits(packed, count=rows).astype(np.bool_)
    segment.bury(keys[~alive])
    segment.file = str(part["file"])
    return segment


def _manifest(folder: Path) -> dict[str, Any]:
    checksum, _, text = (folder / MANIFEST).read_bytes().partition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != checksum:
        raise ValueError("the manifest does not match its checksum")
    body: dict[str, Any] = json.loads(text)
    return body


def _bits(alive: NDArray[np.bool_]) -> str:
    return base64.b64encode(np.packbits(alive).tobytes()).decode()


def _write(path: Path, parts: list[Any]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder: Path, named: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in named | {MANIFEST, LOCK}:
            path.unlink()
