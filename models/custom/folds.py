"""Who judges what: pictures are dealt out, so that each can be judged by a fit without it."""

import zlib

import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Image

FOLDS = 5
ALWAYS, BEYOND = -1, -2


def lot_of(image: Image) -> int:
    """A number drawn by what is in the picture, below 2^32. Where pictures come one by one, and
    again in another round, it is the same each time, and the same for copies of a picture."""
    return zlib.crc32(np.ascontiguousarray(image).data)


def fold_of_each(truth: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """The fold of each picture, each set of labels dealt out evenly; ALWAYS for those that are in
    every fit, since no other picture has their set of labels, and BEYOND for those that are more
    than `most`. `truth` is (pictures, labels)."""
    folds = np.full(len(truth), BEYOND)
    _, sets, counts = np.unique(truth, axis=0, return_inverse=True, return_counts=True)
    folds[counts[sets] == 1] = ALWAYS
    rows = [np.flatnonzero(sets == which) for which in range(len(counts)) if counts[which] > 1]
    share = most / max(most, sum(map(len, rows)))
    turn = 0
    for own in rows:
        for row in own[: max(2, round(share * len(own)))]:
            folds[row], turn = turn % FOLDS, turn + 1
    return folds
