"""How many faces are found, how many are not there, and how well their landmarks sit."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import LabelledFaces, Photo
from benchmarks.tables import percent, table
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.geometry import box_pixels, overlaps, to_pixels
from openrekog.models.results import Face, Image

# Drawn boxes are squares from the brows down, found ones reach up to the hair.
LEAST_OVERLAP = 0.35
SURE = 90.0


def measure_finding(data: LabelledFaces, analyzer: FaceAnalyzer) -> str:
    rows: list[tuple[str, int, int, int, int]] = []
    errors: list[float] = []
    for photo in data.photos():
        image = data.image(photo.file)
        faces = analyzer.find(image)
        hits = _hits(photo, image, faces)
        extra = [face for index, face in enumerate(faces) if index not in hits.values()]
        sure = sum(face.confidence >= SURE for face in extra)
        rows.append((photo.file, len(photo.boxes), len(hits), sure, len(extra) - sure))
        errors += [
            _error(photo.points[drawn], image, faces[found]) for drawn, found in hits.items()
        ]
    for file in data.without_faces():
        confidences = [face.confidence for face in analyzer.find(data.image(file))]
        sure = sum(confidence >= SURE for confidence in confidences)
        rows.append((file, 0, 0, sure, len(confidences) - sure))
    drawn, found = sum(row[1] for row in rows), sum(row[2] for row in rows)
    header = ("Photograph", "drawn", "found", f"others, Confidence ≥ {SURE:.0f}", "others below")
    summary = (
        f"{found} of {drawn} drawn faces found. Mean error of the 68 landmarks "
        f"{percent(float(np.mean(errors)))} of the distance between the eyes "
        f"(middle {percent(float(np.median(errors)))})."
    )
    return f"{summary}\n\n{table(header, rows)}"


def _hits(photo: Photo, image: Image, faces: list[Face]) -> dict[int, int]:
    """Which drawn box is which found face; no face stands for two boxes."""
    found = np.array([_corners(face, image) for face in faces]).reshape(-1, 4)
    hits: dict[int, int] = {}
    for index, box in enumerate(photo.boxes):
        shared = overlaps(found, box)
        shared[list(hits.values())] = 0
        if len(shared) and shared.max() >= LEAST_OVERLAP:
            hits[index] = int(shared.argmax())
    return hits


def _corners(face: Face, image: Image) -> tuple[float, float, float, float]:
    left, top, width, height = box_pixels(face.box, image)
    return left, top, left + width, top + height


def _error(drawn: NDArray[np.float64], image: Image, face: Face) -> float:
    """Mean distance of the points in distances between the eyes."""
    eyes = float(np.linalg.norm(drawn[36:42].mean(axis=0) - drawn[42:48].mean(axis=0)))
    found = to_pixels(face.landmarks, image)
    return float(np.linalg.norm(found - drawn, axis=1).mean() / eyes)
