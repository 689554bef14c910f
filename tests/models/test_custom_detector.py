"""Detectors learnt from a user's boxes, with the fake features: which pictures may be learnt from,
and what is then found."""

from dataclasses import replace

import numpy as np
import pytest

from openrekog.models.custom.detector import Detector, open_detector
from openrekog.models.custom.detector_learner import DetectorLearner
from openrekog.models.custom.folds import FOLDS, lot_of
from openrekog.models.custom.keeping import unpack
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError
from openrekog.models.custom.model_file import ModelFileError, OtherFeaturesError, read
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.custom.proposers import all_weight_shapes
from openrekog.models.custom.sights import ASKED_FEATURES
from openrekog.models.fake.dense import FakeDenseExtractor
from openrekog.models.results import Box
from openrekog.models.runtime import Runtime
from tests.models.detectors import (
    FAKE,
    Canvas,
    Marked,
    background,
    hits,
    learn,
    looked,
    opened,
    overlap,
    squares,
    sure,
)


def lesson() -> list[Marked]:
    """Red squares, and blue ones that are none of them."""
    others = [replace(each, truth=()) for each in squares(4, ["blue"], first_seed=50)]
    return [*squares(8), *others, *background(1)]


@pytest.fixture(scope="module")
def content() -> bytes:
    return learn(lesson())


@pytest.fixture(scope="module")
def detector(content: bytes) -> Detector:
    return opened(content)


def test_what_was_taught_is_found_elsewhere(detector: Detector) -> None:
    for picture in squares(4, first_seed=100):
        [label] = sure(detector.detect([picture.image])[0])
        assert label.name == "red"
        assert label.confidence > 80
        assert overlap(label.box, picture.truth[0].box) > 0.7


def test_what_is_no_such_object_is_not_found(detector: Detector) -> None:
    strange = [*squares(3, ["blue"], first_seed=200), *background(3)]
    found = detector.detect([picture.image for picture in strange])
    assert [sure(labels) for labels in found] == [[]] * len(strange)


def test_several_objects_of_a_picture_the_most_confident_first(detector: Detector) -> None:
    canvas = Canvas(seed=300)
    for left, side in ((10, 30), (90, 60), (220, 80)):
        canvas.draw("red", left, 70, side)
    [found] = detector.detect([canvas.image])
    assert len(sure(found)) == 3
    assert hits(sure(found), canvas.truth) == 3
    confidences = [label.confidence for label in found]
    assert confidences == sorted(confidences, reverse=True)
    assert all(1 <= confidence <= 100 for confidence in confidences)


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [
        pytest.param(320, 240, 220, id="almost all of the picture"),
        pytest.param(240, 320, 40, id="upright"),
        pytest.param(80, 80, 20, id="of a small picture"),
    ],
)
def test_objects_of_other_sizes(width: int, height: int, side: int) -> None:
    def picture(seed: int) -> Canvas:
        canvas = Canvas(width, height, seed)
        left, top = canvas.lots.randint(width - side), canvas.lots.randint(height - side)
        canvas.draw("red", left, top, side)
        return canvas

    model = opened(learn([picture(seed).marked() for seed in range(5)]))
    canvas = picture(seed=70)
    assert hits(sure(model.detect([canvas.image])[0]), canvas.truth) == 1


def test_labels_are_told_apart() -> None:
    model = opened(learn(squares(10, ["red", "blue"])))
    assert model.labels == ("blue", "red")
    for picture in squares(4, ["red", "blue"], first_seed=400):
        [label] = sure(model.detect([picture.image])[0])
        assert label.name == picture.truth[0].name


def test_two_labels_of_one_place_are_both_found() -> None:
    pictures = []
    for seed in range(8):
        canvas = Canvas(seed=seed)
        canvas.draw(*(("red", 40, 60, 50, "sign") if seed % 2 else ("blue", 180, 90, 50, "sign")))
        pictures.append(canvas.marked())
    model = opened(learn(pictures))
    [found] = model.detect([pictures[1].image])
    assert {label.name for label in sure(found)} == {"red", "sign"}


def test_fifty_boxes_of_one_picture() -> None:
    canvas = Canvas(640, 480)
    for place in range(50):
        canvas.draw("red", 10 + place % 10 * 62, 10 + place // 10 * 94, 30)
    model = opened(learn([canvas.marked()]))
    assert hits(sure(model.detect([canvas.image])[0]), canvas.truth) >= 45


def test_boxes_are_proposed_by_who_was_not_taught_the_picture() -> None:
    """When confidence is learnt: of what it knows by heart a proposer is too sure."""
    learner, [picture, *more] = DetectorLearner(FAKE.dense), squares(12)
    others = [each for each in more if fold(each) != fold(picture)]

    def asked(taught: list[Marked]) -> list[list[float]]:
        proposer = learner.learn(looked(learner, taught, None))
        found: list[list[float]] = unpack(looked(learner, [picture], proposer)[0].seen)[
            ASKED_FEATURES
        ].tolist()
        return found

    assert len(others) > 6
    assert asked([picture, *others]) == asked(others)
    assert asked([picture, *others[1:]]) != asked(others)


def fold(picture: Marked) -> int:
    return lot_of(picture.image) % FOLDS


def test_equal_pictures_give_an_equal_model(content: bytes) -> None:
    assert learn(lesson()) == content


def test_pictures_without_boxes_alone_teach_nothing() -> None:
    with pytest.raises(CannotLearnError, match="No picture has a box"):
        learn(background(2))
    with pytest.raises(CannotLearnError, match="No picture has a box"):
        learn([])
    whole = [replace(each, truth=(TrueLabel("red"),)) for each in squares(2)]
    with pytest.raises(CannotLearnError, match="No picture has a box"):
        learn(whole)


def test_too_many_labels_are_refused() -> None:
    [picture] = squares(1)
    box = picture.truth[0].box
    many = replace(picture, truth=tuple(TrueLabel(f"label {n}", box) for n in range(251)))
    with pytest.raises(CannotLearnError, match="251 labels; a model learns up to 250"):
        learn([many])


def test_boxes_end_at_the_edges_of_the_picture() -> None:
    """Taught with boxes half as wide again as the squares, in the picture and beyond its edge."""
    pictures = []
    for left in (20, 60, 100, 140, 180, 260):
        canvas = Canvas(seed=left)
        canvas.draw("red", left, 80, 60)
        box = Box((left - 15) / 320, 65 / 240, 90 / 320, 90 / 240)
        pictures.append(replace(canvas.marked(), truth=(TrueLabel("red", box),)))
    canvas = Canvas(seed=1)
    canvas.draw("red", 255, 80, 60)
    [found] = opened(learn(pictures)).detect([canvas.image])
    boxes = [label.box for label in found if label.box is not None]
    assert overlap(boxes[0], Box(240 / 320, 65 / 240, 80 / 320, 90 / 240)) > 0.7
    assert all(box.left + box.width <= 1 + 1e-6 for box in boxes)


def test_small_objects_of_a_large_picture_are_found_at_the_second_look() -> None:
    def picture(seed: int) -> Canvas:
        canvas = Canvas(1600, 1200, seed)
        for place in range(6):
            canvas.draw("red", 37 + 251 * place, 61 + 197 * (place % 5), 13)
        return canvas

    model = opened(learn([picture(seed).marked() for seed in range(3)]))
    canvas = picture(seed=9)
    assert hits(sure(model.detect([canvas.image])[0]), canvas.truth) == 6


def test_two_pictures_prove_little() -> None:
    model = opened(learn(squares(2)))
    [found] = model.detect([squares(1, first_seed=100)[0].image])
    # 99.99 is what they say themselves.
    assert 50 < found[0].confidence < 99.5


def test_what_is_kept_of_a_picture_is_bounded() -> None:
    canvas = Canvas(1600, 1200)
    for place in range(50):
        canvas.draw("red", 10 + place % 10 * 150, 10 + place // 10 * 230, 90)
    learner, picture = DetectorLearner(FAKE.dense), canvas.marked()
    first = looked(learner, [picture], None)
    second = looked(learner, [picture], learner.learn(first))
    assert len(first[0].seen) < 60_000
    assert len(second[0].seen) < 120_000
    # What is the same for all pictures is kept once, in the model of the first round.
    assert not {"labels", *all_weight_shapes(FAKE.dense.shape)} & unpack(second[0].seen).keys()


def test_a_model_of_other_features_is_refused(content: bytes) -> None:
    class Other(FakeDenseExtractor):
        feature_name = "other"

    with pytest.raises(OtherFeaturesError, match="learnt on the features of 'fake'"):
        opened(content, replace(FAKE, dense=Other()))
    learner, [picture] = DetectorLearner(Other()), squares(1)
    with pytest.raises(OtherFeaturesError):
        learner.look(picture.image, picture.truth, content)


def test_weights_of_other_shapes_are_refused(content: bytes) -> None:
    file = read(content)
    longer = replace(file, weights={**file.weights, "bias": file.weights["bias"].repeat(2)})
    with Runtime(["cpu"]) as runtime, pytest.raises(ModelFileError, match="its weights are"):
        open_detector(longer, FAKE, runtime)


def test_what_was_learnt_of_cells_alone_is_no_model_to_run() -> None:
    learner = DetectorLearner(FAKE.dense)
    proposer = learner.learn(looked(learner, squares(3), None))
    with Runtime(["cpu"]) as runtime, pytest.raises(ModelFileError, match="no kind 'proposer'"):
        open_custom_model(proposer, FAKE, runtime)


def test_the_file_is_a_graph_that_says_the_same(content: bytes) -> None:
    file, rows = read(content), np.random.RandomState(0).standard_normal((5, 51))
    feeds = {f"cells_{stride}": np.zeros((1, 8), np.float32) for stride in (8, 16, 32)}
    with Runtime(["cpu"]) as runtime:
        session = runtime.load_head(content, "detector")
        given = session.run({**feeds, "regions": rows.astype(np.float32)})
    told = dict(zip(session.outputs, given, strict=True))
    scores = rows @ file.weights["weights"] + file.weights["bias"]
    assert told["chances"] == pytest.approx(1 / (1 + np.exp(-scores)), abs=1e-4)
    assert told["worth_16"][0] == pytest.approx(file.weights["cell_bias_16"], abs=1e-5)
