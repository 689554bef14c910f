"""EfficientNet-Lite: ImageNet's classes of a picture, and the features that they are drawn from."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from openrekog.models.architectures.batches import run_batch, softmax
from openrekog.models.architectures.sface import unit
from openrekog.models.geometry import stack
from openrekog.models.results import Image, Vectors
from openrekog.models.session import Array, Session
from openrekog.models.vocabulary.classes import class_names
from openrekog.models.windows import resized

# The network was trained on the middle of pictures, without 16 pixels on each side of 292.
MIDDLE = 260 / 292

# Trained with smoothed labels, the network is less sure than it is right. Divided by 0.7, chances
# of half and more are about the share of classes that are there, on photographs of many things.
TEMPERATURE = 0.7


class EfficientNetLite:
    """An `ImageClassifier` and a `FeatureExtractor` by one session. It reads the middle square in
    RGB, (value - 127) / 128; the graph gives logits and features."""

    scheme = "imagenet"

    def __init__(self, session: Session, feature_name: str) -> None:
        self.feature_name = feature_name
        self._session = session
        ((_, shape),) = session.inputs.items()
        self._side = int(str(shape[-1]))
        self.dimension = int(str(session.outputs["features"][-1]))

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        if not images:
            return []
        chances = 100 * softmax(self._run(images)[0] / TEMPERATURE)
        names = class_names(self.scheme)
        return [dict(zip(names, row, strict=True)) for row in chances.tolist()]

    def extract(self, images: Sequence[Image]) -> Vectors:
        if not images:
            return np.zeros((0, self.dimension), np.float32)
        return unit(self._run(images)[1])

    def _run(self, images: Sequence[Image]) -> list[Array]:
        crops = stack([_middle(image, self._side) for image in images])
        return run_batch(self._session, (crops - 127) / 128)


def _middle(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    length = max(1, round(min(width, height) * MIDDLE))
    left, top = (width - length) // 2, (height - length) // 2
    square = image[top : top + length, left : left + length]
    return resized(square, side, side, cv2.INTER_CUBIC)
