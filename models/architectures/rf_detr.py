"""RF-DETR (Roboflow 2025), any size: a set of boxes, each with a score for every class of COCO."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch, sigmoid
from openrekog.models.architectures.objects import ranked
from openrekog.models.architectures.signatures import picture_input, refuse
from openrekog.models.architectures.squares import imagenet_scaled, sampled
from openrekog.models.results import DetectedObject, Image
from openrekog.models.session import Session
from openrekog.models.vocabulary.classes import class_names

# Columns are COCO's category ids: 1 to 90, of which ten are not used, and nothing at 0.
UNUSED = {0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
COLUMNS = [number for number in range(91) if number not in UNUSED]
WANTED = (
    "RF-DETR trained on COCO (an input Nx3xSxS, outputs `dets` NxQx4 and `labels` NxQx91, "
    "as its own export writes them)"
)


class RfDetr:
    """Reads squares of the graph's own side, scaled as for ImageNet. `dets` are centre and size in
    ratios, `labels` logits; classes are independent, so that one box may count under several."""

    def __init__(self, session: Session) -> None:
        """Raises UnknownGraphError where the graph is another."""
        shape = picture_input(session, WANTED)[1]
        boxes, classes = session.outputs.get("dets", ()), session.outputs.get("labels", ())
        if not isinstance(shape[-1], int) or boxes[2:] != (4,) or classes[2:] != (91,):
            raise refuse(session, WANTED)
        self._session = session
        self._side = shape[-1]
        self._order = [list(session.outputs).index(name) for name in ("dets", "labels")]
        self._names = np.array(class_names("coco"))

    @property
    def scheme(self) -> str:
        return "coco"

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        """The objects of each image, most confident first; the confidence is the score as it is."""
        if not images:
            return []
        outputs = run_batch(self._session, imagenet_scaled(sampled(images, self._side)))
        boxes, logits = (outputs[index].astype(np.float64) for index in self._order)
        return [self._objects(*found) for found in zip(boxes, logits, strict=True)]

    def _objects(
        self, boxes: NDArray[np.float64], logits: NDArray[np.float64]
    ) -> list[DetectedObject]:
        scores = sigmoid(logits[:, COLUMNS])
        # As its authors do: the best pairs of box and class, as many as there are boxes.
        best = np.argsort(-scores, axis=None, kind="stable")[: len(boxes)]
        which, classes = np.divmod(best, len(COLUMNS))
        halves = boxes[which, 2:] / 2
        corners = np.concatenate([boxes[which, :2] - halves, boxes[which, :2] + halves], axis=1)
        return ranked(self._names[classes].tolist(), corners, scores[which, classes])
