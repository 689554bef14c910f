"""Whether a mask covers a face: a MobileNetV2 over the face's box, stretched to a square."""

from collections.abc import Sequence

import numpy as np

from openrekog.models.architectures.batches import run_batch
from openrekog.models.calibration import Curve
from openrekog.models.geometry import Matrix, box_pixels, stack, warp
from openrekog.models.results import Box, Image, Judgement
from openrekog.models.session import Session

SIDE = 224
MASK = 0  # the other output is its complement


class FaceMask:
    """Reads RGB from -1 to 1; `curve` turns its score for a mask into a chance."""

    def __init__(self, session: Session, curve: Curve) -> None:
        self._session = session
        self._curve = curve

    def classify(self, image: Image, faces: Sequence[Box]) -> list[Judgement[bool]]:
        if not faces:
            return []
        crops = stack([warp(image, _map(image, face), SIDE) for face in faces])
        scores = run_batch(self._session, crops / 127.5 - 1)[0][:, MASK]
        return [_judge(self._curve.scale(float(score))) for score in scores]


def _map(image: Image, face: Box) -> Matrix:
    left, top, width, height = box_pixels(face, image)
    across, down = SIDE / max(width, 1), SIDE / max(height, 1)
    return np.array(
        [
            [across, 0, (0.5 - left) * across - 0.5],
            [0, down, (0.5 - top) * down - 0.5],
        ]
    )


def _judge(chance: float) -> Judgement[bool]:
    return Judgement(chance >= 50, max(chance, 100 - chance))
