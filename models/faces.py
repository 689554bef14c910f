"""The face analyzer: detector, landmarks, geometry, attributes and embeddings behind one door."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from openrekog.models.architectures.pose import estimate_pose
from openrekog.models.attributes import AttributeModels
from openrekog.models.calibration import Curve
from openrekog.models.capabilities import (
    FaceAttributeName,
    FaceDetector,
    FaceEmbedder,
    FaceLandmarker,
)
from openrekog.models.quality import measure_quality
from openrekog.models.results import Face, FaceAttributes, Image, Vectors


@dataclass(frozen=True, slots=True)
class ModelFaceAnalyzer:
    """A `FaceAnalyzer` of real models."""

    model_name: str
    model_version: str
    detector: FaceDetector
    landmarker: FaceLandmarker
    embedder: FaceEmbedder
    attributes: AttributeModels
    curve: Curve
    """Cosine to similarity, as the embedder's pack has it."""

    @property
    def dimension(self) -> int:
        return self.embedder.dimension

    def find(self, image: Image, attributes: Set[FaceAttributeName] = frozenset()) -> list[Face]:
        (detected,) = self.detector.detect([image])
        landmarks = self.landmarker.locate(image, detected)
        described: Sequence[FaceAttributes] = [FaceAttributes()] * len(detected)
        if attributes:
            described = self.attributes.describe(image, landmarks, attributes)
        return [
            Face(
                box=face.box,
                confidence=face.confidence,
                landmarks=points,
                pose=estimate_pose(image, points),
                quality=measure_quality(image, points),
                attributes=known,
            )
            for face, points, known in zip(detected, landmarks, described, strict=True)
        ]

    def embed(self, image: Image, faces: Sequence[Face]) -> Vectors:
        return self.embedder.embed(image, [face.landmarks for face in faces])

    def similarity(self, cosine: float) -> float:
        return self.curve.scale(cosine)

    def cosine(self, similarity: float) -> float:
        return self.curve.unscale(similarity)
