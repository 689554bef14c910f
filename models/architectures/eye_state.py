"""Open or closed eyes, from a small grey square around each eye."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch, softmax
from openrekog.models.geometry import grey, square_map, to_pixels, warp
from openrekog.models.results import Image, Judgement, Points
from openrekog.models.session import Session

SIZE = 24
WIDTHS = 1.6  # side of the square in eye widths
CORNERS = ((36, 39), (42, 45))


class EyeState:
    """Reads grey / 255; the graph gives two logits, closed first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def classify(self, image: Image, landmarks: Sequence[Points]) -> list[Judgement[bool]]:
        if not landmarks:
            return []
        crops = [eye for points in landmarks for eye in _eyes(image, points)]
        pixels = np.stack(crops)[:, None] / 255
        closed = softmax(run_batch(self._session, pixels)[0])[:, 0]
        return [_judge(float(share)) for share in closed.reshape(-1, 2).mean(axis=1)]


def _eyes(image: Image, landmarks: Points) -> list[NDArray[np.uint8]]:
    points = to_pixels(landmarks, image)
    crops = []
    for outer, inner in CORNERS:
        side = WIDTHS * float(np.linalg.norm(points[outer] - points[inner]))
        crops.append(
            grey(warp(image, square_map((points[outer] + points[inner]) / 2, side, SIZE), SIZE))
        )
    return crops


def _judge(closed: float) -> Judgement[bool]:
    return Judgement(closed < 0.5, 100 * max(closed, 1 - closed))
