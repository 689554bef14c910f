"""InsightFace's model packs, buffalo_l and its smaller kin: detection, landmarks, embeddings, age.

Decoded here and not by the `insightface` package, which opens its own onnxruntime sessions without
bound and brings a second OpenCV; a test compares both where the package is installed. The files are
known by their graphs' signatures, so that any of their names and sizes will do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.architectures.candidates import Candidates
from openrekog.models.architectures.sface import unit
from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.geometry import (
    Matrix,
    align,
    box_square,
    face_square,
    invert,
    stack,
    to_pixels,
    to_ratios,
    transform,
    warp,
)
from openrekog.models.results import DetectedFace, Image, Judgement, Points, Vectors
from openrekog.models.session import Session

Kind = Literal["detector", "embedder", "age_gender", "landmarks106", "landmarks68"]

STRIDES = (8, 16, 32)
ANCHORS = 2  # for each cell
OVERLAP = 0.4

# Every crop but the embedder's is upright, half as wide again as the box.
CROP_WIDTHS = 1.5

# The 106 points in the order of the iBUG 68: jaw, brows, nose, eyes, outer and inner lips.
FROM_106 = [
    *(1, 10, 12, 14, 16, 3, 5, 7, 0, 23, 21, 19, 32, 30, 28, 26, 17),
    *(43, 48, 49, 51, 50, 102, 103, 104, 105, 101),
    *(72, 73, 74, 86, 78, 79, 80, 85, 84),
    *(35, 41, 42, 39, 37, 36, 89, 95, 96, 93, 91, 90),
    *(52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55),
    *(65, 66, 62, 70, 69, 57, 60, 54),
]

_KINDS: Mapping[tuple[int, int], Kind] = {
    (1, 512): "embedder",
    (1, 3): "age_gender",
    (1, 212): "landmarks106",
    (1, 3309): "landmarks68",
}


def recognise(session: Session) -> Kind:
    """What a graph does, by the number of its outputs and the width of the last."""
    if len(session.outputs) == 3 * len(STRIDES):
        return "detector"
    widths = [shape[-1] if shape else None for shape in session.outputs.values()]
    for (count, width), kind in _KINDS.items():
        if len(widths) == count and widths[-1] == width:
            return kind
    raise UnknownGraphError(f"{session.name} has the outputs {dict(session.outputs)}")


@dataclass(frozen=True, slots=True)
class Scaling:
    """Pixels as a graph wants them: (value - mean) / spread."""

    mean: float
    spread: float

    def apply(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        return (crops - np.float32(self.mean)) / np.float32(self.spread)


RAW = Scaling(0.0, 1.0)


def scaling(path: Path, spread: float) -> Scaling:
    """Raw pixels for a graph that begins by scaling them itself, else centred ones."""
    # Imported here: it is large, and only this pack needs it once its files are made.
    import onnx

    nodes = onnx.load(str(path), load_external_data=False).graph.node
    operations = {node.op_type for node in nodes[:8]}
    scales_itself = {"Sub", "Mul"} <= operations or any(n.name == "bn_data" for n in nodes[:3])
    return RAW if scales_itself else Scaling(127.5, spread)


class Scrfd:
    """The detector; its outputs are score, box and points, each for three strides. Distances are
    from the cell's corner, in strides."""

    def __init__(self, session: Session) -> None:
        self._session = session
        (self._input,) = session.inputs

    def candidates(self, window: Image, least: float) -> Candidates:
        pixels = Scaling(127.5, 128).apply(stack([window]))
        outputs = [
            output.reshape(-1, output.shape[-1])
            for output in self._session.run({self._input: pixels})
        ]
        rows = [
            _decode(outputs[level::3], stride, window.shape[1], least)
            for level, stride in enumerate(STRIDES)
        ]
        found = np.concatenate(rows)
        boxes, scores, points = found[:, :4], found[:, 4], found[:, 5:].reshape(-1, 5, 2)
        return Candidates(boxes, scores, points).suppressed(OVERLAP)


def _decode(
    outputs: Sequence[NDArray[np.float32]], stride: int, width: int, least: float
) -> NDArray[np.float64]:
    """Rows of left, top, right, bottom, score and five points."""
    scores, distances, points = outputs
    which = np.flatnonzero(scores[:, 0] >= least)
    cells = which // ANCHORS
    columns = width // stride
    corners = np.stack([cells % columns, cells // columns], axis=1) * stride
    near, far = distances[which, :2] * stride, distances[which, 2:] * stride
    five = np.tile(corners, 5) + points[which] * stride
    return np.concatenate(
        [corners - near, corners + far, scores[which], five], axis=1, dtype=np.float64
    )


@dataclass(frozen=True, slots=True)
class ArcFace:
    """The embedder, on aligned crops."""

    session: Session
    pixels: Scaling
    dimension: int = 512

    def embed(self, image: Image, landmarks: Sequence[Points]) -> Vectors:
        if not landmarks:
            return np.zeros((0, self.dimension), np.float32)
        crops = stack([align(image, points) for points in landmarks])
        return unit(run_batch(self.session, self.pixels.apply(crops))[0])


@dataclass(frozen=True, slots=True)
class InsightLandmarks:
    """106 points in the plane, or the last 68 of 1103 in space of which the depth is left out."""

    session: Session
    pixels: Scaling
    size: int = 192

    def locate(self, image: Image, faces: Sequence[DetectedFace]) -> list[Points]:
        if not faces:
            return []
        maps = [_upright_map(*box_square(face.box, image), self.size) for face in faces]
        crops = stack([warp(image, matrix, self.size) for matrix in maps])
        values = run_batch(self.session, self.pixels.apply(crops))[0]
        return [
            to_ratios(transform(_ibug(row, self.size), invert(matrix)), image)
            for row, matrix in zip(values, maps, strict=True)
        ]


def _ibug(values: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """68 points in crop pixels from one row of either graph's output."""
    flat = values.astype(np.float64)
    points = flat.reshape(-1, 3)[-68:, :2] if len(flat) == 3309 else flat.reshape(-1, 2)[FROM_106]
    return (points + 1) * (size // 2)


@dataclass(frozen=True, slots=True)
class InsightAgeGender:
    """Logits of female and male, and the age in centuries."""

    session: Session
    pixels: Scaling
    size: int = 96

    def estimate(
        self, image: Image, landmarks: Sequence[Points]
    ) -> list[tuple[float, Judgement[str]]]:
        if not landmarks:
            return []
        squares = [face_square(to_pixels(points, image)) for points in landmarks]
        maps = [_upright_map(*square, self.size) for square in squares]
        crops = stack([warp(image, matrix, self.size) for matrix in maps])
        values = run_batch(self.session, self.pixels.apply(crops))[0].astype(np.float64)
        return [(100 * age, _gender(female, male)) for female, male, age in values.tolist()]


def _gender(female: float, male: float) -> Judgement[str]:
    chance = float(1 / (1 + np.exp(-np.clip(abs(male - female), 0, 50))))
    return Judgement("Male" if male > female else "Female", 100 * chance)


def _upright_map(centre: NDArray[np.floating], side: float, size: int) -> Matrix:
    """InsightFace's crop: the centre of the box at half the size, without half-pixel shifts."""
    scale = size / max(side * CROP_WIDTHS, 1e-6)
    shift = size / 2 - scale * centre
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


@dataclass(frozen=True, slots=True)
class Buffalo:
    """The parts of a pack, each in its capability."""

    detector: Scrfd
    landmarker: InsightLandmarks
    embedder: ArcFace
    age_gender: InsightAgeGender


def load_buffalo(files: Iterable[tuple[Session, Path]]) -> Buffalo:
    """Of the two landmark graphs the one with 68 points is used: its order needs no mapping, and it
    was trained on turned faces."""
    found = {recognise(session): (session, path) for session, path in files}
    missing = {"detector", "embedder", "age_gender"} - found.keys()
    landmarks = found.get("landmarks68") or found.get("landmarks106")
    if missing or landmarks is None:
        raise UnknownGraphError(f"the pack holds only {sorted(found)}")
    session, path = found["embedder"]
    ages, ages_path = found["age_gender"]
    return Buffalo(
        detector=Scrfd(found["detector"][0]),
        landmarker=InsightLandmarks(landmarks[0], scaling(landmarks[1], 128)),
        embedder=ArcFace(session, scaling(path, 127.5)),
        age_gender=InsightAgeGender(ages, scaling(ages_path, 128)),
    )
