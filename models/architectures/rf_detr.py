"""RF-DETR (Roboflow 2025), any size: a set of boxes, each with a score for every class of COCO."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch, sigmoid
from openrekog.models.architectures.objects import ObjectCandidates, name_objects
from openrekog.models.architectures.signatures import fits, picture_input, refuse
from openrekog.models.architectures.squares import imagenet_scaled, sampled
from openrekog.models.calibration import ClassCurves
from openrekog.models.geometry import to_corners
from openrekog.models.results import DetectedObject, Image
from openrekog.models.session import Session
from openrekog.models.vocabulary.classes import class_names

# Columns are COCO's category ids: 1 to 90, of which ten are not used, and nothing at 0.
UNUSED = {0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
COLUMNS = [number for number in range(91) if number not in UNUSED]
LEAST_SCORE = 0.05
WANTED = (
    "RF-DETR trained on COCO (an input Nx3xSxS, outputs `dets` NxQx4 and `labels` NxQx91, "
    "as its own export writes them)"
)


class RfDetr:
    """An `ObjectDetector`. It reads squares of the graph's own side, scaled as for ImageNet. `dets`
    are centre and size in ratios, `labels` logits; classes are independent, so that one box may
    count under several."""

    scheme = "coco"

    def __init__(self, session: Session, curves: ClassCurves) -> None:
        """Raises UnknownGraphError where the graph is another."""
        shape = picture_input(session, WANTED)[1]
        boxes, classes = session.outputs.get("dets", ()), session.outputs.get("labels", ())
        fitting = fits(boxes, None, None, 4) and fits(classes, None, None, 91)
        if not (fitting and isinstance(shape[-1], int)):
            raise refuse(session, WANTED)
        self._session = session
        self._curves = curves
        self._side = shape[-1]
        self._order = [list(session.outputs).index(name) for name in ("dets", "labels")]

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        if not images:
            return []
        outputs = run_batch(self._session, imagenet_scaled(sampled(images, self._side)))
        boxes, logits = (outputs[index].astype(np.float64) for index in self._order)
        return [
            self._objects(found, scores, image)
            for found, scores, image in zip(
                boxes, sigmoid(logits[:, :, COLUMNS]), images, strict=True
            )
        ]

    def _objects(
        self, boxes: NDArray[np.float64], scores: NDArray[np.float64], image: Image
    ) -> list[DetectedObject]:
        # As its authors do: the best pairs of box and class, as many as there are boxes.
        best = np.argsort(-scores, axis=None, kind="stable")[: len(boxes)]
        which, classes = np.divmod(best, len(COLUMNS))
        height, width = image.shape[:2]
        corners = to_corners(boxes[which]) * (width, height, width, height)
        found = ObjectCandidates(corners, scores[which, classes], classes)
        likely = found.take(found.scores >= LEAST_SCORE)
        return name_objects(likely, image, class_names(self.scheme), self._curves)
