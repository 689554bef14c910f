"""The models of a running server."""

from dataclasses import dataclass

from openrekog.models.capabilities import (
    ConceptScorer,
    DenseExtractor,
    ExposureDetector,
    FaceAnalyzer,
    FaceCoverClassifier,
    FeatureExtractor,
    ImageClassifier,
    NudityClassifier,
    ObjectDetector,
    PoseEstimator,
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
    dense: DenseExtractor
    shots: ShotDetector
    text: TextReader
    poses: PoseEstimator
    face_covers: FaceCoverClassifier
    nudity: NudityClassifier
    # Only where an opt-in pack brings them.
    exposures: ExposureDetector | None = None
    concepts: ConceptScorer | None = None
