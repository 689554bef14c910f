"""What is kept of more pictures than are learnt from, and who judges what."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from openrekog.models.custom.folds import ALWAYS, BEYOND, FOLDS, fold_of_each
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.sampling import Rows, gather

KEPT = np.dtype("<f2")


def looked(number: int, *labels: str) -> Looked:
    """A picture that is its number."""
    return Looked(tuple(map(TrueLabel, labels)), np.array([number, 1], KEPT).tobytes())


def numbers(rows: Rows) -> list[int]:
    return rows.seen[:, 0].astype(int).tolist()


def test_few_pictures_stay_as_they_are() -> None:
    rows = gather([looked(0, "b", "a"), looked(1), looked(2, "c")], KEPT, 3)
    assert rows.labels == ("a", "b", "c")
    np.testing.assert_array_equal(rows.seen, [[0, 1], [1, 1], [2, 1]])
    np.testing.assert_array_equal(rows.truth, [[1, 1, 0], [0, 0, 0], [0, 0, 1]])
    assert rows.of_label("b").tolist() == [True, False, False]
    assert not rows.of_label("z").any()
    assert gather([], KEPT, 3).truth.shape == (0, 0)


def test_of_many_pictures_rare_labels_stay_whole() -> None:
    pictures = [looked(n, "rare" if n % 50 == 7 else "frequent") for n in range(1000)]
    rows = gather(iter(pictures), KEPT, 100)
    assert rows.of_label("rare").sum() == 20
    assert rows.of_label("frequent").sum() == 80
    kept = numbers(rows)
    assert kept == sorted(kept)
    assert kept == numbers(gather(iter(pictures), KEPT, 100))


def test_the_sample_is_fair_to_early_and_late_pictures() -> None:
    rows = gather((looked(n % 2000, "one") for n in range(2000)), KEPT, 500)
    quarters = Counter(number // 500 for number in numbers(rows))
    assert all(95 <= quarters[quarter] <= 155 for quarter in range(4))


def truth(*labels: Sequence[int]) -> np.ndarray:
    return np.array(labels, np.bool_)


def test_each_set_of_labels_is_dealt_out() -> None:
    ants, bees = [[1, 0]] * 10, [[0, 1]] * 5
    folds = fold_of_each(truth(*ants, *bees), 100)
    assert all(Counter(folds[:10].tolist())[fold] == 2 for fold in range(FOLDS))
    assert sorted(folds[10:].tolist()) == list(range(FOLDS))


def test_the_only_picture_of_its_labels_is_in_every_fit() -> None:
    folds = fold_of_each(truth([1, 0], [1, 0], [0, 1], [1, 1]), 100)
    assert folds[2:].tolist() == [ALWAYS, ALWAYS]
    assert set(folds[:2].tolist()) == {0, 1}


def test_no_more_are_judged_than_need_be() -> None:
    folds = fold_of_each(truth(*[[1, 0]] * 300, *[[0, 1]] * 100, [1, 1]), 40)
    assert [int((folds[part] >= 0).sum()) for part in (slice(0, 300), slice(300, 400))] == [30, 10]
    assert (folds == BEYOND).sum() == 360
    assert folds[-1] == ALWAYS
