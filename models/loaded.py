"""The models of a running server."""

from dataclasses import dataclass

from openrekog.models.capabilities import (
    FaceAnalyzer,
    FeatureExtractor,
    ImageClassifier,
    ObjectDetector,
    ShotDetector,
    TextReader,
)


@dataclass(frozen=True, slots=True)
class Models:
    """One member for each thing that the server may ask of a picture."""

    faces: FaceAnalyzer
    objects: ObjectDetector
    classes: ImageClassifier  # always ImageNet's
    classifiers: tuple[ImageClassifier, ...]  # all that give labels, `classes` first
    features: FeatureExtractor
    shots: ShotDetector
    text: TextReader
