"""The models of a running server."""

from dataclasses import dataclass

from openrekog.models.capabilities import (
    ConceptScorer,
    ExposureDetector,
    FaceAnalyzer,
    ImageClassifier,
    NudityClassifier,
    ObjectDetector,
)


@dataclass(frozen=True, slots=True)
class Models:
    """One member for each thing that the server may ask of a picture."""

    faces: FaceAnalyzer
    objects: ObjectDetector
    classes: ImageClassifier
    nudity: NudityClassifier
    # Only where an opt-in pack brings them.
    exposures: ExposureDetector | None = None
    concepts: ConceptScorer | None = None
