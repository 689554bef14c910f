"""An ObjectDetector, ImageClassifier and FeatureExtractor without weights.

Rules, so that tests can foresee the answers: an image of one colour shows nothing, and all classes
have the same chance there. Any other shows one person in its middle, four fifths as wide and nine
tenths as high as the image, with a confidence of 99; and one of CLASSES, drawn from a hash of its
colours, has a chance of 90, while all others share the rest. Features are a fixed projection of a
16x16 thumbnail, so that images of like colours in like places are like each other.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from openrekog.models.fake.thumbnails import SIDE, digest, has_one_colour, thumbnail
from openrekog.models.results import Box, DetectedObject, Image, Vectors
from openrekog.models.vocabulary.classes import class_names

PERSON = DetectedObject("person", Box(left=0.1, top=0.05, width=0.8, height=0.9), 99.0)
CHANCE = 90.0
CLASSES = (
    "n02123045",  # tabby
    "n02099601",  # golden retriever
    "n04285008",  # sports car
    "n07753592",  # banana
    "n07920052",  # espresso
    "n09428293",  # seashore
)
DIMENSION = 64


class FakeObjectDetector:
    """An ObjectDetector; see the module for its rules."""

    scheme = "coco"

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        return [[] if has_one_colour(image) else [PERSON] for image in images]


class FakeImageClassifier:
    """An ImageClassifier and FeatureExtractor; see the module for its rules."""

    scheme = "imagenet"
    feature_name = "fake"
    dimension = DIMENSION

    def __init__(self) -> None:
        # RandomState, because NumPy promises that its numbers never change.
        self._projection = (
            np.random.RandomState(seed=2)
            .standard_normal((SIDE * SIDE * 3, DIMENSION))
            .astype(np.float32)
        )

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        return [_chances(image) for image in images]

    def extract(self, images: Sequence[Image]) -> Vectors:
        vectors = np.zeros((len(images), DIMENSION), np.float32)
        for row, image in enumerate(images):
            vector = (thumbnail(image).ravel() + 1) @ self._projection
            vectors[row] = vector / np.linalg.norm(vector)
        return vectors


def _chances(image: Image) -> Mapping[str, float]:
    names = class_names("imagenet")
    if has_one_colour(image):
        return dict.fromkeys(names, 100 / len(names))
    drawn = CLASSES[digest(thumbnail(image))[0] % len(CLASSES)]
    return dict.fromkeys(names, (100 - CHANCE) / (len(names) - 1)) | {drawn: CHANCE}
