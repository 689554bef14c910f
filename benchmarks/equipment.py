"""How often bare faces are taken for covered ones, and masks that are drawn over them for masks;
and what is seen of the persons.

No labelled pictures of real masks may be kept here: drawn ones tell whether the network looks at
the right place, not how it does on the masks of the world.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

import cv2
import numpy as np

from benchmarks.labelled import LabelledFaces
from benchmarks.tables import percent, table
from openrekog.api_spec.shapes import BodyPart
from openrekog.models.loaded import Models
from openrekog.models.results import Face, Image, Points
from openrekog.server.analysis.equipment import find_persons

STEPS = (50, 80, 90)

# Which of the 68 points outline a mask: along the jaw, and over the nose, below it or the chin.
MASKS: Mapping[str, Sequence[int]] = {
    "mask over mouth and nose": (*range(2, 15), 28),
    "mask below the nose": (*range(2, 15), 33),
    "mask below the mouth": (*range(5, 12), 57),
}
COLOUR = 170.0, 205.0, 225.0  # of a surgical mask

# One in so many portraits.
EVERY = 6


def measure_equipment(data: LabelledFaces, models: Models) -> str:
    portraits = sorted({file for pair in data.pairs() for file in (pair.file_a, pair.file_b)})
    images = [data.image(file) for file in portraits[::EVERY]]
    return f"{_face_covers(images, models)}\n\n{_persons(images, models)}"


def _face_covers(images: Sequence[Image], models: Models) -> str:
    said: dict[str, list[float]] = {"bare": [], **{name: [] for name in MASKS}}
    for image in images:
        for face in models.faces.find(image)[:1]:
            said["bare"].append(_chance(models, image, face))
            for name, outline in MASKS.items():
                said[name].append(_chance(models, drawn(image, face.landmarks, outline), face))
    rows = [
        (
            name,
            len(chances),
            *(percent(float(np.mean(np.array(chances) >= step)), 1) for step in STEPS),
        )
        for name, chances in said.items()
    ]
    header = ("Faces", "number", *(f"called covered, {step} and more" for step in STEPS))
    return f"Portraits without masks, and the same with masks drawn on.\n\n{table(header, rows)}"


def _persons(images: Sequence[Image], models: Models) -> str:
    """The largest person of each portrait: these hardly wear anything that is looked for."""
    found = [persons[0] for image in images for persons in find_persons(models, [image]) if persons]
    rows = []
    for name in get_args(BodyPart):
        parts = [part for person in found for part in person.parts if part.name == name]
        items = sum(bool(part.items) for part in parts)
        rows.append((name, len(parts), items))
    return (
        f"The same {len(images)} portraits as they are: a person is found in {len(found)}.\n\n"
        f"{table(('Body part', 'seen', 'said to be covered'), rows)}"
    )


def _chance(models: Models, image: Image, face: Face) -> float:
    (judgement,) = models.face_covers.classify(image, [face.box])
    return judgement.confidence if judgement.value else 100 - judgement.confidence


def drawn(image: Image, landmarks: Points, outline: Sequence[int]) -> Image:
    """A mask of one colour, with the light and shade of the face below it."""
    height, width = image.shape[:2]
    corners = (landmarks[list(outline)] * (width, height)).round().astype(np.int32)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [corners], 255)
    covered = inside > 0
    light = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64), (0, 0), 4)
    shade = np.clip(light[covered] / max(light[covered].mean(), 1), 0.6, 1.2)
    masked = image.copy()
    masked[covered] = np.clip(shade[:, None] * COLOUR, 0, 255).astype(np.uint8)
    return masked
