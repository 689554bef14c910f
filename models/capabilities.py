"""What a model can be asked: one Protocol a capability, one verb, a batch in and a batch out."""

from collections.abc import Mapping, Sequence, Set
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openrekog.models.dense import DenseFeatures, DenseShape
from openrekog.models.results import (
    Body,
    Box,
    DetectedFace,
    DetectedObject,
    EyeDirection,
    Face,
    FrameStrip,
    Image,
    Judgement,
    Points,
    Reading,
    TextLine,
    Vectors,
)

FaceAttributeName = Literal[
    "AGE_RANGE",
    "BEARD",
    "EMOTIONS",
    "EYE_DIRECTION",
    "EYEGLASSES",
    "EYES_OPEN",
    "FACE_OCCLUDED",
    "GENDER",
    "MOUTH_OPEN",
    "MUSTACHE",
    "SMILE",
    "SUNGLASSES",
]


class FaceDetector(Protocol):
    def detect(self, images: Sequence[Image]) -> list[list[DetectedFace]]:
        """The faces of each image, largest first, at most 100."""


class FaceLandmarker(Protocol):
    def locate(self, image: Image, faces: Sequence[DetectedFace]) -> list[Points]:
        """68 iBUG points for each face, ratios of the image."""


class FaceEmbedder(Protocol):
    @property
    def dimension(self) -> int: ...

    def embed(self, image: Image, landmarks: Sequence[Points]) -> Vectors:
        """A unit vector for each face, shape (len(landmarks), dimension)."""


class AgeGenderEstimator(Protocol):
    def estimate(
        self, image: Image, landmarks: Sequence[Points]
    ) -> list[tuple[float, Judgement[str]]]:
        """Age in years, and "Male" or "Female" with its confidence, for each face."""


class EmotionClassifier(Protocol):
    def classify(self, image: Image, landmarks: Sequence[Points]) -> list[Mapping[str, float]]:
        """AWS emotion names to 0..100 for each face."""


class EyeStateClassifier(Protocol):
    def classify(self, image: Image, landmarks: Sequence[Points]) -> list[Judgement[bool]]:
        """Whether the eyes of each face are open."""


class GazeEstimator(Protocol):
    def estimate(self, image: Image, landmarks: Sequence[Points]) -> list[EyeDirection]:
        """Where the eyes of each face look."""


class ShotDetector(Protocol):
    def changes(self, frames: FrameStrip) -> NDArray[np.float32]:
        """For each of the middle fifty frames the chance, 0..1, that it is the last of a shot."""


class PoseEstimator(Protocol):
    def estimate(self, image: Image, persons: Sequence[Box]) -> list[Body]:
        """The body of the person in the middle of each box."""


class FaceCoverClassifier(Protocol):
    def classify(self, image: Image, faces: Sequence[Box]) -> list[Judgement[bool]]:
        """Whether something covers the mouth and nose of each face, as a mask does."""


class NudityClassifier(Protocol):
    def classify(self, images: Sequence[Image]) -> list[float]:
        """How likely each image is to be sexually explicit, 0..100, as the network says it."""


class ExposureDetector(Protocol):
    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        """The parts of bodies in each image by NudeNet's names, such as "BUTTOCKS_EXPOSED"."""


class FaceAnalyzer(Protocol):
    """Every face model behind one door: what the server asks."""

    @property
    def model_name(self) -> str:
        """Names the embedding space; vectors of different names are never compared."""

    @property
    def model_version(self) -> str:
        """The API's FaceModelVersion."""

    @property
    def dimension(self) -> int: ...

    def find(self, image: Image, attributes: Set[FaceAttributeName] = frozenset()) -> list[Face]:
        """The faces of an image, largest first, at most 100, with the attributes asked for."""

    def embed(self, image: Image, faces: Sequence[Face]) -> Vectors:
        """A unit vector for each face, shape (len(faces), dimension)."""

    def similarity(self, cosine: float) -> float:
        """A cosine on the calibrated scale from 0 to 100: 80 is a false match rate of 1e-3."""

    def cosine(self, similarity: float) -> float:
        """The smallest cosine that reaches a similarity; the inverse of `similarity`."""


class ObjectDetector(Protocol):
    @property
    def scheme(self) -> str:
        """Names the set of classes, a table of models/vocabulary: "coco"."""

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        """The objects of each image, most confident first."""


class ImageClassifier(Protocol):
    @property
    def scheme(self) -> str:
        """Names the set of classes, a table of models/vocabulary: "imagenet"."""

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        """Each class's chance, 0..100, by class id (ImageNet: WordNet ids such as "n02123045")."""


@runtime_checkable
class FeatureExtractor(Protocol):
    @property
    def feature_name(self) -> str:
        """Names the feature space; vectors of different names are never compared."""

    @property
    def dimension(self) -> int: ...

    def extract(self, images: Sequence[Image]) -> Vectors:
        """What a picture looks like as a unit vector for each, shape (len(images), dimension)."""


class DenseExtractor(Protocol):
    @property
    def feature_name(self) -> str:
        """Names the features; models that were learnt on others cannot be used."""

    @property
    def shape(self) -> DenseShape: ...

    def extract(self, image: Image, side: int) -> DenseFeatures:
        """What is seen all over an image that is scaled to a longer side of `side` pixels."""


class TextDetector(Protocol):
    def detect(self, images: Sequence[Image]) -> list[list[Points]]:
        """The lines of text of each image, as rectangles at any angle (in pixels):
        four corners, clockwise from the one that is at the top left within 45 degrees."""


class TextRecogniser(Protocol):
    def recognise(self, image: Image, lines: Sequence[Points]) -> list[Reading]:
        """What each rectangle of an image says when its first corner is at the top left."""


class TextReader(Protocol):
    """The models for text behind one door: what the server asks."""

    def read(self, images: Sequence[Image]) -> list[list[TextLine]]:
        """The lines of text of each image, in reading order."""

    def spot(self, images: Sequence[Image]) -> list[float]:
        """How likely each image shows text, 0..100: a look that is much cheaper than to read it."""


class ConceptScorer(Protocol):
    def score(self, images: Sequence[Image], prompts: Sequence[str]) -> NDArray[np.float32]:
        """How well each prompt describes each image, 0..100, shape (len(images), len(prompts))."""
