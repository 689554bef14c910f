"""Bodies and covered faces without weights.

Rules, so that tests can foresee the answers: a body fills its box, upright and facing the camera,
every point of it seen with the same score. A face is covered where the lower half of its box is
more blue than red.
"""

from collections.abc import Sequence

import numpy as np

from openrekog.models.results import Body, Box, Image, Judgement

SCORE = 0.9
SURE = 99.0

# x and y of COCO's points in the box, of a person who faces us: the person's left is on our right.
BODY = np.array(
    [
        (0.5, 0.12),  # nose
        *((0.54, 0.1), (0.46, 0.1)),  # eyes
        *((0.58, 0.11), (0.42, 0.11)),  # ears
        *((0.7, 0.25), (0.3, 0.25)),  # shoulders
        *((0.8, 0.4), (0.2, 0.4)),  # elbows
        *((0.85, 0.52), (0.15, 0.52)),  # wrists
        *((0.62, 0.55), (0.38, 0.55)),  # hips
        *((0.62, 0.75), (0.38, 0.75)),  # knees
        *((0.62, 0.95), (0.38, 0.95)),  # ankles
    ]
)


class FakePoseEstimator:
    def estimate(self, image: Image, persons: Sequence[Box]) -> list[Body]:  # noqa: ARG002 - the Protocol's
        return [
            Body(
                points=(BODY * (box.width, box.height) + (box.left, box.top)).astype(np.float32),
                scores=np.full(len(BODY), SCORE),
            )
            for box in persons
        ]


class FakeFaceCoverClassifier:
    def classify(self, image: Image, faces: Sequence[Box]) -> list[Judgement[bool]]:
        return [Judgement(_bluish(image, face), SURE) for face in faces]


def _bluish(image: Image, face: Box) -> bool:
    height, width = image.shape[:2]
    first, last = (round((face.top + share * face.height) * height) for share in (0.5, 1))
    left, right = (round((face.left + share * face.width) * width) for share in (0, 1))
    red, _, blue = image[max(first, 0) : last, max(left, 0) : right].mean(axis=(0, 1))
    return bool(blue > red)
