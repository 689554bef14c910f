"""D-FINE (Peng et al. 2024), any size: a set of boxes, each of one class, in the form that its own
export gives, with the last steps in the graph."""

from collections.abc import Sequence

import numpy as np

from openrekog.models.architectures.objects import ObjectCandidates, name_objects
from openrekog.models.architectures.signatures import picture_input, refuse, side_of
from openrekog.models.architectures.squares import averaged
from openrekog.models.calibration import ClassCurves
from openrekog.models.results import DetectedObject, Image
from openrekog.models.session import Feeds, Session
from openrekog.models.vocabulary.classes import class_names

SIDE = 640  # what all sizes were trained with
SIZES = "orig_target_sizes"
OUTPUTS = ("labels", "boxes", "scores")
LEAST_SCORE = 0.05
WANTED = (
    "D-FINE trained on COCO (inputs `images` Nx3xSxS and `orig_target_sizes` Nx2, "
    "outputs `labels`, `boxes` and `scores`, as its own export writes them)"
)


class DFine:
    """An `ObjectDetector`. It reads squares in RGB, 0 to 1, and width and height of the picture, in
    pixels of which the boxes come back. Pictures go one by one: exports differ in whether they take
    several."""

    scheme = "coco"

    def __init__(self, session: Session, curves: ClassCurves) -> None:
        """Raises UnknownGraphError where the graph is another."""
        self._input, shape = picture_input(session, WANTED)
        if SIZES not in session.inputs or set(OUTPUTS) - session.outputs.keys():
            raise refuse(session, WANTED)
        self._session = session
        self._curves = curves
        self._side = side_of(shape, SIDE)
        self._order = [list(session.outputs).index(name) for name in OUTPUTS]
        self._names = class_names(self.scheme)

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[DetectedObject]:
        height, width = image.shape[:2]
        size = np.array([[width, height]], np.int64)
        feeds: Feeds = {self._input: averaged([image], self._side), SIZES: size}
        outputs = self._session.run(feeds)
        labels, boxes, scores = (outputs[index][0] for index in self._order)
        # Classes count from 0 and know no gaps.
        if labels.max(initial=0) >= len(self._names):
            raise refuse(self._session, f"{WANTED}, and has class {labels.max()}")
        found = ObjectCandidates(boxes.astype(np.float64), scores.astype(np.float64), labels)
        likely = found.take(scores >= LEAST_SCORE)
        return name_objects(likely, image, self._names, self._curves)
