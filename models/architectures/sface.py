"""SFace (Zhong et al. 2021) and every other embedder that reads ArcFace crops."""

from collections.abc import Sequence

import numpy as np

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import align, stack
from openrekog.models.results import Image, Points, Vectors
from openrekog.models.session import Session


class SFace:
    """Reads aligned RGB crops, 0 to 255, scaling inside of the graph.

    Aligned by five points out of the 68, not by the detector's own: misses at a false match rate
    of 1e-5 fall from 5.5 % to 3.4 %.
    """

    def __init__(self, session: Session, dimension: int = 128) -> None:
        self.dimension = dimension
        self._session = session

    def embed(self, image: Image, landmarks: Sequence[Points]) -> Vectors:
        if not landmarks:
            return np.zeros((0, self.dimension), np.float32)
        crops = stack([align(image, points) for points in landmarks])
        return unit(run_batch(self._session, crops)[0])


def unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
