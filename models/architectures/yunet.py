"""YuNet (Wu et al. 2023): a very small anchor-free face detector with five points."""

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.candidates import Candidates
from openrekog.models.results import Image
from openrekog.models.session import Session

STRIDES = (8, 16, 32)
OVERLAP = 0.3


class YuNet:
    """Reads a window in BGR, 0 to 255; the graph gives class, objectness, box and points for each
    of three strides, in this order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        (self._input,) = session.inputs

    def candidates(self, window: Image, least: float) -> Candidates:
        pixels = window[None, :, :, ::-1].transpose(0, 3, 1, 2)
        outputs = self._session.run({self._input: np.ascontiguousarray(pixels, np.float32)})
        rows = [
            _decode([output[0] for output in outputs[level::3]], stride, window.shape[1], least)
            for level, stride in enumerate(STRIDES)
        ]
        found = np.concatenate(rows)
        boxes, scores, points = found[:, :4], found[:, 4], found[:, 5:].reshape(-1, 5, 2)
        return Candidates(boxes, scores, points).suppressed(OVERLAP)


def _decode(
    outputs: list[NDArray[np.float32]], stride: int, width: int, least: float
) -> NDArray[np.float64]:
    """Rows of left, top, right, bottom, score and five points."""
    classes, objects, boxes, points = outputs
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    which = np.flatnonzero(scores >= least)
    cells = np.stack([which % (width // stride), which // (width // stride)], axis=1)
    centres = (cells + boxes[which, :2]) * stride
    halves = np.exp(boxes[which, 2:4].astype(np.float64)) * stride / 2
    five = (np.tile(cells, 5) + points[which]) * stride
    return np.concatenate(
        [centres - halves, centres + halves, scores[which, None], five], axis=1
    ).astype(np.float64)
