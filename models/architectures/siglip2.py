"""SigLIP 2 (Tschannen et al. 2025): how well any words fit a picture, by an image tower and a text
tower, in the two files that usual exports give."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import BATCH_SIZES, cut, run_batch, sigmoid
from openrekog.models.architectures.sface import unit
from openrekog.models.architectures.signatures import (
    UnknownGraphError,
    fits,
    picture_input,
    refuse,
    side_of,
)
from openrekog.models.architectures.squares import averaged
from openrekog.models.results import Image, Vectors
from openrekog.models.session import Session
from openrekog.models.text_vectors import TextVectors

# What the text tower was trained with: lower case, 64 tokens, padded and without a mask.
TOKENS = 64
IMAGE_SIZE = 224

IMAGE_TOWER = "an image tower of SigLIP (`pixel_values` Nx3xSxS to vectors NxD)"
TEXT_TOWER = "a text tower of SigLIP (`input_ids` Nx64 to vectors NxD)"


@dataclass(frozen=True, slots=True)
class Scale:
    """How a cosine becomes a chance, as the weights have it: sigmoid(exp(logit_scale) * cosine +
    logit_bias). Neither stands in the towers. `image_size` is for graphs that leave it open."""

    logit_scale: float
    logit_bias: float
    image_size: int = IMAGE_SIZE

    def chances(self, cosines: NDArray[np.floating]) -> NDArray[np.float64]:
        return sigmoid(np.exp(self.logit_scale) * cosines + self.logit_bias)


def read_scale(text: str) -> Scale:
    """Out of `siglip2.json`; raises UnknownGraphError, naming what it should hold."""
    try:
        numbers = json.loads(text)
        size = int(numbers.get("image_size", IMAGE_SIZE))
        return Scale(float(numbers["logit_scale"]), float(numbers["logit_bias"]), size)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnknownGraphError(
            "siglip2.json should hold the numbers logit_scale and logit_bias of the weights, and "
            f"may hold image_size: {error!r}"
        ) from error


class Tokenizer(Protocol):
    def tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Shape (len(texts), 64)."""


class ImageTower:
    """Reads squares of RGB, -1 to 1."""

    def __init__(self, session: Session, scale: Scale) -> None:
        shape = picture_input(session, IMAGE_TOWER)[1]
        self._session = session
        self._side = side_of(shape, scale.image_size)
        self._output = vector_output(session, IMAGE_TOWER)

    def check_width(self, width: int) -> None:
        """Raises UnknownGraphError where the texts have vectors of another width."""
        if not fits(list(self._session.outputs.values())[self._output], None, width):
            raise refuse(self._session, f"{IMAGE_TOWER} of {width} numbers, as the text tower has")

    def vectors(self, images: Sequence[Image]) -> Vectors:
        return unit(run_batch(self._session, averaged(images, self._side) * 2 - 1)[self._output])


class TextTower:
    def __init__(self, session: Session, tokenizer: Tokenizer) -> None:
        if "input_ids" not in session.inputs:
            raise refuse(session, TEXT_TOWER)
        self._session = session
        self._tokenizer = tokenizer
        self._output = vector_output(session, TEXT_TOWER)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        tokens = self._tokenizer.tokens([text.lower() for text in texts])
        largest = 1 if self._session.inputs["input_ids"][0] == 1 else BATCH_SIZES[0]
        pieces = [
            self._run(tokens[start : start + size]) for start, size in cut(len(texts), largest)
        ]
        return unit(np.concatenate(pieces))

    def _run(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        feeds = {"input_ids": tokens}
        if "attention_mask" in self._session.inputs:
            feeds["attention_mask"] = np.ones_like(tokens)
        return np.asarray(self._session.run(feeds)[self._output], np.float32)


def vector_output(session: Session, wanted: str) -> int:
    """Which output holds one vector for each item: `pooler_output`, or the one of two axes."""
    for index, shape in enumerate(session.outputs.values()):
        if len(shape) == 2:
            return index
    raise refuse(session, wanted)


class Siglip2:
    """Scores pictures against the labels it is built with, and against any other words."""

    def __init__(
        self, images: ImageTower, texts: TextVectors, scale: Scale, prompts: Mapping[str, str]
    ) -> None:
        """`prompts` says for each label in which words it is looked for."""
        self._images = images
        self._texts = texts
        self._scale = scale
        self._prompts = dict(prompts)

    @property
    def scheme(self) -> str:
        return "rekognition"

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        """Each label's chance by the network's own sigmoid, 0 to 100."""
        scores = self.score(images, list(self._prompts.values()))
        return [dict(zip(self._prompts, row.tolist(), strict=True)) for row in scores]

    def score(self, images: Sequence[Image], prompts: Sequence[str]) -> NDArray[np.float32]:
        """How well each prompt describes each image by the network's own sigmoid, 0 to 100, shape
        (len(images), len(prompts))."""
        if not images or not prompts:
            return np.zeros((len(images), len(prompts)), np.float32)
        cosines = self._images.vectors(images) @ self._texts.of(prompts).T
        return (100 * self._scale.chances(cosines)).astype(np.float32)
