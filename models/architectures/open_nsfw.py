"""open_nsfw (Mahadeokar and Pesavento, Yahoo 2016): one number for how explicit a picture is."""

import io
from collections.abc import Sequence

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.Image import Resampling

from openrekog.models.architectures.batches import run_batch
from openrekog.models.results import Image
from openrekog.models.session import Session

RESIZED = 256
SIZE = 224
MEAN_BGR = np.array([104, 117, 123], np.float32)


class OpenNsfw:
    """Reads the middle 224 of 256 pixels, rows by columns by BGR, less the mean of ImageNet; the
    graph gives the chances of "safe" and "not safe"."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def classify(self, images: Sequence[Image]) -> list[float]:
        if not images:
            return []
        (chances,) = run_batch(self._session, np.stack([_prepared(image) for image in images]))
        return [100 * float(unsafe) for unsafe in chances[:, 1]]


def _prepared(image: Image) -> NDArray[np.float32]:
    """Its authors squash the picture, ignoring its shape, and pass it once through JPEG: the
    network was trained on what that leaves, and scores differ without."""
    edge = (RESIZED - SIZE) // 2
    middle = (edge, edge, edge + SIZE, edge + SIZE)
    squashed = PIL.Image.fromarray(image).resize((RESIZED, RESIZED), Resampling.BILINEAR)
    with io.BytesIO() as file:
        squashed.crop(middle).save(file, "JPEG")
        pixels = np.asarray(PIL.Image.open(file), np.float32)
    return pixels[:, :, ::-1] - MEAN_BGR
