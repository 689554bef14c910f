"""Pictures with marked objects to learn Custom Labels models from: what COCO knows, parts of faces,
and emblems that are drawn into photographs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import LabelledFaces
from benchmarks.photographs import Photographs
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.results import Box, Image

KNOWN = ("person", "book", "boat", "car", "broccoli", "bowl", "orange", "bottle")
"""The classes of which the photographs have most."""

MOST_MARKED = 10
"""Of one class in a photograph: COCO marks no more of them one by one, but some, and the others as
a group or not at all (Lin et al. 2014). What is found there beside the marks would count as wrong,
although it is right, and what is taught there would be wrong."""

MOST_PORTRAITS = 100
SMALLEST_FACE = 60
PARTS: Mapping[str, tuple[Sequence[slice], float]] = {
    "eye": ((slice(36, 42), slice(42, 48)), 0.15),
    "nose": ((slice(27, 36),), 0.1),
    "mouth": ((slice(48, 68),), 0.1),
}
"""Points of each part among the 68, and the margin in distances of the eyes."""

MOST_EMBLEMS = 5
SMALLEST, LARGEST = 0.07, 0.4
"""Of the longer side of the photograph."""
TURN, STRETCH = 25.0, 0.25
"""Up to so many degrees, and by so much wider or narrower."""
DRAWN = 256
VISIBLE = 0.4


@dataclass(frozen=True, slots=True)
class Marked:
    image: Image
    truth: tuple[TrueLabel, ...]


def known_objects(folder: Path) -> Iterator[Marked]:
    photographs = Photographs.read(folder)
    for photograph in photographs:
        height, width = photograph.image.shape[:2]
        named = [(photographs.names[mark["category_id"]], mark) for mark in photograph.marked]
        known = [(name, mark) for name, mark in named if name in KNOWN]
        counts = Counter(name for name, _ in known)
        if max(counts.values(), default=0) > MOST_MARKED or any(m["iscrowd"] for _, m in known):
            continue
        truth = (TrueLabel(name, _ratios(mark["bbox"], width, height)) for name, mark in known)
        yield Marked(photograph.image, tuple(truth))


def face_parts(folder: Path, analyzer: FaceAnalyzer) -> Iterator[Marked]:
    """One portrait of each person; truth is where the landmarks of the default pack stand."""
    faces, seen = LabelledFaces(folder / "faces"), set[str]()
    for file in sorted({file for pair in faces.pairs() for file in (pair.file_a, pair.file_b)}):
        person = file.rpartition("_")[0]
        if person not in seen and len(seen) < MOST_PORTRAITS:
            seen.add(person)
            image = faces.image(file)
            yield Marked(image, tuple(_parts(image, analyzer)))


def _parts(image: Image, analyzer: FaceAnalyzer) -> Iterator[TrueLabel]:
    height, width = image.shape[:2]
    for face in analyzer.find(image):
        if face.box.width * width < SMALLEST_FACE:
            continue
        points = face.landmarks * (width, height)
        eyes = np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))
        for name, (places, margin) in PARTS.items():
            for place in places:
                low = points[place].min(axis=0) - margin * eyes
                size = points[place].max(axis=0) + margin * eyes - low
                yield TrueLabel(name, _ratios([*low, *size], width, height))


def emblems(folder: Path) -> Iterator[Marked]:
    """Up to five in each of COCO's photographs, of any size, turned, in varying colours, as bright
    as what is behind them, and none over another."""
    lots = np.random.RandomState(seed=3)
    for photograph in Photographs.read(folder):
        image, taken = photograph.image.astype(np.float32), list[tuple[str, NDArray[np.intp]]]()
        for _ in range(lots.randint(MOST_EMBLEMS + 1)):
            name = list(EMBLEMS)[lots.randint(len(EMBLEMS))]
            _place(image, name, taken, lots)
        height, width = image.shape[:2]
        truth = (TrueLabel(name, _ratios(box, width, height)) for name, box in taken)
        yield Marked(np.clip(image, 0, 255).astype(np.uint8), tuple(truth))


def _place(
    image: NDArray[np.float32],
    name: str,
    taken: list[tuple[str, NDArray[np.intp]]],
    lots: np.random.RandomState,
) -> None:
    drawn, opaque = _turned(*EMBLEMS[name](lots), max(image.shape), lots)
    rows, columns = opaque.shape
    if rows >= image.shape[0] or columns >= image.shape[1]:
        return
    left, top = lots.randint(image.shape[1] - columns), lots.randint(image.shape[0] - rows)
    across, down = (np.flatnonzero((opaque > VISIBLE).any(axis=axis)) for axis in (0, 1))
    low = np.array([left + across[0], top + down[0]])
    size = np.array([len(across), len(down)])
    if any(((low < box[:2] + box[2:]) & (box[:2] < low + size)).all() for _, box in taken):
        return
    part = image[top : top + rows, left : left + columns]
    share = cv2.GaussianBlur(opaque, (0, 0), 0.8)[..., None]
    light = min(0.55 + 0.45 * float(part.mean()) / 128, 1.1)
    part[:] = part * (1 - share) + share * (light * drawn + lots.normal(0, 6, part.shape))
    taken.append((name, np.concatenate([low, size])))


def _turned(
    drawn: Image, opaque: Image, longest: int, lots: np.random.RandomState
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = np.exp(lots.uniform(np.log(SMALLEST), np.log(LARGEST))) * longest / DRAWN
    turn = cv2.getRotationMatrix2D((0, 0), lots.uniform(-TURN, TURN), scale)[:, :2]
    turn = turn @ np.diag([lots.uniform(1 - STRETCH, 1 + STRETCH), 1])
    half = DRAWN / 2
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]]) @ turn.T
    size = np.ceil(np.ptp(corners, axis=0)).astype(int) + 2
    matrix = np.column_stack([turn, size / 2 - turn @ [half, half]])
    columns, rows = size.tolist()
    share = cv2.warpAffine(opaque, matrix, (columns, rows)) / np.float32(255)
    colours = cv2.warpAffine(drawn, matrix, (columns, rows))
    return colours.astype(np.float32), (share * lots.uniform(0.8, 1)).astype(np.float32)


def _star(lots: np.random.RandomState) -> tuple[Image, Image]:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2, 48, 120)
    points = np.stack([128 + reach * np.cos(angles), 128 + reach * np.sin(angles)], axis=1)
    drawn, opaque = _blank()
    cv2.fillPoly(opaque, [points.astype(np.int32)], 255)
    cv2.fillPoly(drawn, [points.astype(np.int32)], _colour(lots, 15, 32))
    return drawn, opaque


def _ring(lots: np.random.RandomState) -> tuple[Image, Image]:
    drawn, opaque = _blank()
    cv2.circle(opaque, (128, 128), 110, 255, -1)
    cv2.circle(drawn, (128, 128), 110, _colour(lots, 95, 125), -1)
    cv2.circle(drawn, (128, 128), 62, (240, 240, 240), -1)
    cv2.rectangle(drawn, (108, 40), (148, 216), (240, 240, 240), -1)
    return drawn, opaque


def _bolt(lots: np.random.RandomState) -> tuple[Image, Image]:
    points = np.array([[150, 10], [50, 150], [115, 150], [90, 246], [206, 100], [138, 100]])
    drawn, opaque = _blank()
    cv2.circle(opaque, (128, 128), 126, 255, -1)
    cv2.circle(drawn, (128, 128), 126, _colour(lots, 0, 10), -1)
    cv2.fillPoly(drawn, [points.astype(np.int32)], (250, 240, 60))
    return drawn, opaque


def _cross(lots: np.random.RandomState) -> tuple[Image, Image]:
    drawn, opaque = _blank()
    cv2.rectangle(opaque, (10, 40), (246, 216), 255, -1)
    cv2.rectangle(drawn, (10, 40), (246, 216), _colour(lots, 55, 75), -1)
    cv2.line(drawn, (10, 40), (246, 216), (255, 255, 255), 24)
    cv2.line(drawn, (10, 216), (246, 40), (255, 255, 255), 24)
    return drawn, opaque


EMBLEMS: Mapping[str, Callable[[np.random.RandomState], tuple[Image, Image]]] = {
    "star": _star,
    "ring": _ring,
    "bolt": _bolt,
    "cross": _cross,
}


def _blank() -> tuple[Image, Image]:
    """Colours, and how far each pixel covers what is behind it."""
    return np.zeros((DRAWN, DRAWN, 3), np.uint8), np.zeros((DRAWN, DRAWN), np.uint8)


def _colour(lots: np.random.RandomState, low: int, high: int) -> tuple[int, ...]:
    """Between two hues of OpenCV's 180."""
    hsv = np.array([[[lots.randint(low, high), lots.randint(150, 255), lots.randint(120, 255)]]])
    return tuple(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)[0, 0].tolist())


def _ratios(bbox: Sequence[float] | NDArray[np.intp], width: int, height: int) -> Box:
    left, top, across, down = (float(value) for value in bbox)
    return Box(left / width, top / height, across / width, down / height)
