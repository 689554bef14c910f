"""Builds what names the things in a picture: by each file's architecture, so that a pack with other
weights, or with another network, needs no word here but its own row."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from openrekog.models.architectures.d_fine import DFine
from openrekog.models.architectures.efficientnet_lite import EfficientNetLite
from openrekog.models.architectures.rf_detr import RfDetr
from openrekog.models.architectures.yolov8 import YoloV8
from openrekog.models.architectures.yolox import YoloX
from openrekog.models.architectures.yolox_dense import YoloXDense, show_layers
from openrekog.models.calibration import ClassCurves
from openrekog.models.capabilities import (
    DenseExtractor,
    FeatureExtractor,
    ImageClassifier,
    ObjectDetector,
)
from openrekog.models.loading.classifiers import load_label_classifiers
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import Pack
from openrekog.models.session import Session
from openrekog.models.vocabulary.classes import class_names

Network = TypeVar("Network")
Builders = Mapping[str, Callable[[Session, Pack], Network]]
"""By architecture, what is built of a model file and the numbers of its pack."""

_DETECTORS: Builders[ObjectDetector] = {
    "d_fine": lambda session, pack: DFine(session, _curves(pack)),
    "rf_detr": lambda session, pack: RfDetr(session, _curves(pack)),
    "yolov8": lambda session, pack: YoloV8(
        session, class_names("coco"), "coco", curves=_curves(pack)
    ),
    "yolox": lambda session, pack: YoloX(session, _curves(pack)),
}

_CLASSIFIERS: Builders[ImageClassifier] = {
    "efficientnet_lite": lambda session, pack: EfficientNetLite(session, pack.name),
}


def load_object_detector(opening: Opening) -> ObjectDetector:
    return _build(opening, opening.pack_for("object_detector"), _DETECTORS)


def load_classifiers(opening: Opening) -> tuple[ImageClassifier, ...]:
    """All that are chosen, ImageNet's first."""
    networks = [
        _build(opening, pack, _CLASSIFIERS)
        for pack in opening.packs_for("image_classifier")
        if any(file.architecture in _CLASSIFIERS for file in pack.files)
    ]
    return (*networks, *load_label_classifiers(opening))


def with_features(classifiers: tuple[ImageClassifier, ...]) -> FeatureExtractor:
    """The first classifier that shows its features too, which need no session of their own then."""
    return next(network for network in classifiers if isinstance(network, FeatureExtractor))


def load_dense_extractor(opening: Opening) -> DenseExtractor:
    """Opened when it is first asked: servers without Custom Labels of objects need it never."""
    pack = opening.pack_for("dense_extractor")
    file = next(file for file in pack.files if file.architecture == "yolox")

    def open_session() -> Session:
        graph = show_layers(opening.path(pack, file).read_bytes())
        return opening.runtime.load_graph(graph, f"{pack.name}/layers")

    return YoloXDense(open_session, f"{pack.name} {pack.version}, layers")


def _curves(pack: Pack) -> ClassCurves:
    return ClassCurves.through(pack.confidence)


def _build(opening: Opening, pack: Pack, builders: Builders[Network]) -> Network:
    file = next(file for file in pack.files if file.architecture in builders)
    return builders[file.architecture](opening.open(pack.name, file.name), pack)
