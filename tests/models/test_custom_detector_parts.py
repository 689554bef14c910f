"""What detectors are made of: boxes and shifts, fits, samples of rows, and certainty."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from openrekog.models.custom.boxes import all_overlaps, shifted, shifts_to
from openrekog.models.custom.certainty import Certainty, certainty
from openrekog.models.custom.detector_lesson import MOST_EXAMINED, MOST_RIGHT, MOST_WRONG
from openrekog.models.custom.keeping import WRONG_OF, is_examined, pack, thinned, unpack
from openrekog.models.custom.linear import Scale, fit_logistic, fit_ridge
from openrekog.models.custom.row_sample import RowSample
from openrekog.models.custom.sights import joined
from openrekog.models.geometry import suppress


def test_overlaps_of_each_with_each() -> None:
    ones = np.array([[0, 0, 10, 10], [0, 0, 1, 1]], float)
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    assert all_overlaps(ones, others) == pytest.approx(
        np.array([[1, 1 / 3, 0], [0.01, 0, 0]]), abs=1e-9
    )
    assert all_overlaps(ones, np.zeros((0, 4))).shape == (2, 0)


def test_a_box_goes_where_its_shift_leads() -> None:
    boxes = np.array([[10, 20, 30, 60], [0, 0, 4, 4]], float)
    targets = np.array([[12, 10, 44, 50], [100, 50, 140, 60]], float)
    assert shifted(boxes, shifts_to(boxes, targets)) == pytest.approx(targets)
    assert shifts_to(boxes[:1], np.array([[20, 20, 60, 60]])) == pytest.approx(
        np.array([[1, 0, np.log(2), 0]])
    )


def test_no_more_boxes_are_kept_than_wanted() -> None:
    boxes = np.array([[0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1]], float)
    assert suppress(boxes, np.array([1.0, 3.0, 2.0]), 0.5, most=2) == [1, 2]
    assert suppress(boxes, np.array([1.0, 3.0, 2.0]), 0.5) == [1, 2, 0]


def clouds(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    lots = np.random.RandomState(seed=1)
    truth = lots.randint(0, 2, count)
    centres = np.array([[0, 5, -3, 0], [1, 6, -3, 0]], float)
    return (centres[truth] + lots.standard_normal((count, 4))).astype(np.float32), truth


def test_the_regression_is_that_of_scikit_learn() -> None:
    features, truth = clouds()
    head = fit_logistic(features, truth[:, None].astype(np.float32), strength=5.0)
    rows = Scale.of(features).apply(features)
    wanted = LogisticRegression(C=5.0, tol=1e-8, max_iter=1000).fit(rows, truth)
    assert head(features)[:, 0] == pytest.approx(wanted.decision_function(rows), abs=0.02)


def test_true_rows_may_weigh_more() -> None:
    features, truth = clouds()
    target = truth[:, None].astype(np.float32)
    light, heavy = (fit_logistic(features, target, 5.0, weight) for weight in (1.0, 10.0))
    assert (heavy(features) > light(features) + 1).mean() > 0.9


@pytest.mark.parametrize("count", [300, 3], ids=["many rows", "fewer rows than numbers"])
def test_least_squares_are_those_of_scikit_learn(count: int) -> None:
    features, _ = clouds(count)
    targets = features @ np.array([[1, 0], [2, 1], [0, 0], [0, -1]]) + [3, 4]
    head = fit_ridge(features, targets, pull=0.5)
    rows = Scale.of(features).apply(features)
    wanted = Ridge(alpha=0.5).fit(rows, targets)
    assert head(features) == pytest.approx(wanted.predict(rows), abs=1e-3)


def test_a_sample_is_bounded_fair_and_the_same_each_time() -> None:
    def sample() -> np.ndarray:
        rows = RowSample(most=100)
        for start in range(0, 10_000, 70):
            rows.add({"number": np.arange(start, min(start + 70, 10_000))})
        found = rows.columns()
        assert found is not None
        return found["number"]

    numbers = sample()
    assert len(numbers) == 100
    assert sorted(numbers) == numbers.tolist()
    assert 3500 < numbers.mean() < 6500
    assert (sample() == numbers).all()


def test_a_sample_of_nothing_has_no_rows() -> None:
    rows = RowSample(most=3)
    assert rows.columns() is None
    rows.add({"number": np.arange(0)})
    assert rows.columns() is None


def test_what_is_seen_comes_back_from_bytes() -> None:
    part = {
        "features": np.arange(6, dtype=np.float32).reshape(2, 3),
        "boxes": np.arange(8, dtype=np.float32).reshape(2, 4) / 7,
    }
    seen = unpack(pack(joined([part, part])))
    assert seen["features"].tolist() == [[0, 1, 2], [3, 4, 5]] * 2
    assert (seen["boxes"] == np.concatenate([part["boxes"]] * 2)).all()
    assert pack(part) == pack(part)


def test_features_are_kept_in_a_byte_each_and_come_back_nearly_as_they_were() -> None:
    features = 100 * np.random.RandomState(0).standard_normal((300, 50)).astype(np.float32)
    features[:, 7] = 3.5
    kept = pack({"features 8": features})
    assert len(kept) < 300 * 50 + 3_000
    back = unpack(kept)["features 8"].astype(np.float64)
    assert (np.abs(back - features).max(axis=0) < features.std(axis=0) / 20 + 1e-6).all()
    assert (back[:, 7] == 3.5).all()
    assert unpack(pack({"features": features[:0]}))["features"].shape == (0, 50)


def test_of_few_pictures_all_is_kept_and_of_many_enough_to_learn_from() -> None:
    """A picture with one object has 12 right boxes, and 150 wrong ones."""
    seen, right = {"number": np.arange(162)}, np.arange(162) < 12

    def kept(pictures: int, seed: int) -> tuple[bool, list[int]]:
        lots = np.random.RandomState(seed)
        examined = is_examined(pictures, lots)
        return examined, thinned(seen, right, pictures, lots)["number"].tolist()

    assert kept(WRONG_OF, 1) == (True, [*range(162)])
    many = [kept(2_000, seed) for seed in range(2_000)]
    numbers = np.concatenate([found for _, found in many])
    assert MOST_RIGHT <= (numbers < 12).sum() < 1.1 * MOST_RIGHT
    assert MOST_WRONG <= (numbers >= 12).sum() < 2 * MOST_WRONG
    assert MOST_EXAMINED < sum(examined for examined, _ in many) < 1.5 * MOST_EXAMINED
    assert len(numbers) < 2_000 * 162 / 8


def test_a_detector_that_is_too_sure_is_told_so() -> None:
    """Scores are drawn so that odds of 3 s + 1 are said to be s: it is undone."""
    lots = np.random.RandomState(seed=0)
    said = lots.uniform(-9, 9, 4000)
    right = lots.uniform(size=4000) < 1 / (1 + np.exp(-(said - 1) / 3))
    found = certainty(zip(said.tolist(), right.tolist(), strict=True))
    assert found.factor == pytest.approx(1 / 3, abs=0.04)
    assert found.offset == pytest.approx(-1 / 3, abs=0.15)


def test_of_few_findings_half_is_believed() -> None:
    assert certainty([(4.0, True)] * 20) == Certainty(0.5, 0.0)
    assert certainty([]) == Certainty(0.5, 0.0)
