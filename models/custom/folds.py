"""Who judges what: pictures are dealt out, so that each can be judged by a fit without it."""

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def fold_of_each(truth: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """The fold of each picture; -1 for those that are in every fit, since no other picture has
    their set of labels, or because `most` are judged already. `truth` is (pictures, labels); each
    set of labels is dealt out evenly."""
    folds = np.full(len(truth), -1)
    _, sets, counts = np.unique(truth, axis=0, return_inverse=True, return_counts=True)
    rows = [np.flatnonzero(sets == which) for which in range(len(counts)) if counts[which] > 1]
    share = most / max(most, sum(map(len, rows)))
    turn = 0
    for own in rows:
        for row in own[: max(2, round(share * len(own)))]:
            folds[row], turn = turn % FOLDS, turn + 1
    return folds
