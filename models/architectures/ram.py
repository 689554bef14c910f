"""Recognize Anything, RAM and RAM++ (Huang et al. 2023): thousands of tags for a whole picture."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch, sigmoid
from openrekog.models.architectures.signatures import (
    UnknownGraphError,
    fits,
    picture_input,
    refuse,
    side_of,
)
from openrekog.models.architectures.squares import averaged, imagenet_scaled
from openrekog.models.results import Image
from openrekog.models.session import Session

SIDE = 384  # of the published weights


def read_tags(text: str) -> tuple[str, ...]:
    """The tags of `ram_tag_list.txt`, one a line, in the order of the outputs."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class Ram:
    """Reads squares scaled as for ImageNet; the one output has a logit, or a chance of 0 to 1, for
    each tag. Tags of one label count by the likeliest; those of none are left out.

    The export that goes round for RAM++ cuts in the graph and gives 0 or 1. Such a graph has the
    same signature, so each is shown a grey picture first: logits give themselves away by values
    below 0, and a graph that says only 0 and 1 is refused.
    """

    def __init__(self, session: Session, labels: Sequence[str | None]) -> None:
        """`labels` says for each output which label of the API it is. Raises UnknownGraphError
        where the graph has another number of outputs."""
        wanted = f"RAM for {len(labels)} tags (an input Nx3xSxS, an output Nx{len(labels)})"
        shape = picture_input(session, wanted)[1]
        fitting = [fits(found, None, len(labels)) for found in session.outputs.values()]
        if fitting != [True]:
            raise refuse(session, wanted)
        self._session = session
        self._labels = tuple(labels)
        self._side = side_of(shape, SIDE)
        self._logits = self._gives_logits()

    @property
    def scheme(self) -> str:
        return "rekognition"

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        """Each label's score, 0 to 100, as it is: 65 is where the authors cut most tags."""
        if not images:
            return []
        scores = self._run(images)
        chances = sigmoid(scores) if self._logits else np.clip(scores.astype(np.float64), 0, 1)
        return [self._named((100 * row).tolist()) for row in chances]

    def _named(self, chances: Sequence[float]) -> dict[str, float]:
        named: dict[str, float] = {}
        for label, chance in zip(self._labels, chances, strict=True):
            if label is not None:
                named[label] = max(chance, named.get(label, 0.0))
        return named

    def _run(self, images: Sequence[Image]) -> NDArray[np.float32]:
        return run_batch(self._session, imagenet_scaled(averaged(images, self._side)))[0]

    def _gives_logits(self) -> bool:
        scores = self._run([np.full((64, 64, 3), 128, np.uint8)])
        if np.isin(scores, (0, 1)).all():
            raise UnknownGraphError(
                f"{self._session.name} gives only 0 and 1: tags that are cut already. Export the "
                "logits, or their sigmoid, instead"
            )
        return bool((scores < 0).any() or (scores > 1).any())
