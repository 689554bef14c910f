"""Which architecture reads the file of an object detector's pack."""

from collections.abc import Callable, Mapping

from openrekog.models.architectures.d_fine import DFine
from openrekog.models.architectures.rf_detr import RfDetr
from openrekog.models.architectures.yolov8 import YoloV8
from openrekog.models.capabilities import ObjectDetector
from openrekog.models.loading.opening import Opening
from openrekog.models.session import Session
from openrekog.models.vocabulary.classes import class_names

DETECTORS: Mapping[str, Callable[[Session], ObjectDetector]] = {
    "d_fine": DFine,
    "rf_detr": RfDetr,
    "yolov8": lambda session: YoloV8(session, class_names("coco"), "coco"),
}


def load_object_detector(opening: Opening) -> ObjectDetector:
    """The detector of the pack that was named, or of the default one; each has one file."""
    pack = opening.pack_for("object_detector")
    (file,) = pack.files
    return DETECTORS[file.architecture](opening.open(pack.name, file.name))
