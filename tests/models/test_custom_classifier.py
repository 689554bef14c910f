"""Classifiers learnt from real pictures on the default network, and from colours on the fake."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, CustomModel, Looked
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.fake import fake_models
from openrekog.models.loaded import Models
from openrekog.models.loading import load_models
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import packs
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.custom_sets import COLOURS, TEXTURES, coloured, lessons, looked, patches


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with Runtime(["cpu"]) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def fake() -> Models:
    return fake_models(packs()["fake"])


@pytest.fixture(scope="module")
def real(store: PackStore, runtime: Runtime) -> Models:
    return load_models(Opening.of(store, runtime))


@pytest.fixture
def learner(fake: Models) -> ClassifierLearner:
    return ClassifierLearner(fake.features)


def firsts(model: CustomModel, images: list[Image]) -> list[str]:
    return [found[0].name for found in model.detect(images)]


def test_textures_are_told_apart_by_five_pictures_each(real: Models, runtime: Runtime) -> None:
    learner = ClassifierLearner(real.features)
    content = learner.learn(lessons(learner, patches, TEXTURES, 5))
    model = open_custom_model(content, real, runtime)
    assert model.labels == ("brick", "grass", "pebbles")
    for label in TEXTURES:
        found = model.detect(patches(label, 4, right=True))
        assert [labels[0].name for labels in found] == [label] * 4
        # Fifteen pictures, all judged right, are proof of so much and no more.
        assert all(60 < labels[0].confidence < 99 for labels in found)
        assert all(
            sum(each.confidence for each in labels) == pytest.approx(100) for labels in found
        )


@pytest.mark.parametrize("count", [1, 2, 10])
def test_colours_are_told_apart(
    learner: ClassifierLearner, fake: Models, runtime: Runtime, count: int
) -> None:
    model = open_custom_model(
        learner.learn(lessons(learner, coloured, COLOURS, count)), fake, runtime
    )
    for label in COLOURS:
        assert firsts(model, coloured(label, 5, right=True)) == [label] * 5
    assert model.detect([]) == []


def test_more_proof_makes_surer(learner: ClassifierLearner, fake: Models, runtime: Runtime) -> None:
    sure = []
    for count in (3, 30):
        content = learner.learn(lessons(learner, coloured, COLOURS, count))
        ((first, *_),) = open_custom_model(content, fake, runtime).detect(
            coloured("red", 1, right=True)
        )
        sure.append(first.confidence)
    assert sure[0] < sure[1] < 99.9


def test_what_cannot_be_known_is_not_claimed(
    learner: ClassifierLearner, fake: Models, runtime: Runtime
) -> None:
    """Of pictures of one colour, labelled by chance, a label is as likely as it is frequent."""
    images = coloured("red", 60)
    labels = ["rare" if number % 4 == 0 else "frequent" for number in range(60)]
    lesson = [
        each
        for image, label in zip(images, labels, strict=True)
        for each in looked(learner, [image], label)
    ]
    model = open_custom_model(learner.learn(lesson), fake, runtime)
    found = model.detect(coloured("red", 20, right=True))
    rare = [{each.name: each.confidence for each in labels}["rare"] for labels in found]
    assert np.mean(rare) == pytest.approx(25, abs=8)
    assert max(rare) < 60


def test_several_labels_a_picture_stand_side_by_side(
    learner: ClassifierLearner, fake: Models, runtime: Runtime
) -> None:
    lesson = [
        *looked(learner, coloured("red", 8), "warm", "colour"),
        *looked(learner, coloured("blue", 8), "cold", "colour"),
        *looked(learner, coloured("green", 8), "plant"),
    ]
    model = open_custom_model(learner.learn(lesson), fake, runtime)
    (found,) = model.detect(coloured("red", 1, right=True))
    sure = {each.name: each.confidence for each in found}
    assert sure["warm"] > 80
    assert sure["colour"] > 80
    assert sure["cold"] < 20
    assert sure["plant"] < 20
    assert [each.confidence for each in found] == sorted(sure.values(), reverse=True)


def test_pictures_without_labels_are_left_out(learner: ClassifierLearner) -> None:
    lesson = lessons(learner, coloured, ("red", "blue"), 3)
    assert learner.learn([*lesson, *looked(learner, coloured("green", 2))]) == learner.learn(lesson)


def test_a_label_of_one_picture_is_learnt_beside_larger_ones(
    learner: ClassifierLearner, fake: Models, runtime: Runtime
) -> None:
    lesson = [
        *lessons(learner, coloured, ("red", "blue"), 6),
        *looked(learner, coloured("green", 1), "green"),
    ]
    model = open_custom_model(learner.learn(lesson), fake, runtime)
    assert firsts(model, coloured("green", 3, right=True)) == ["green"] * 3


def test_equal_pictures_give_an_equal_model(learner: ClassifierLearner) -> None:
    lesson = lessons(learner, coloured, COLOURS, 4)
    assert learner.learn(iter(lesson)) == learner.learn(iter(lesson))


@pytest.mark.parametrize("count", [0, 1, 251])
def test_too_few_or_too_many_labels(learner: ClassifierLearner, count: int) -> None:
    (image,) = coloured("red", 1)
    seen = learner.look(image, (), None)
    lesson = [Looked((TrueLabel(str(number)),), seen) for number in range(count)]
    with pytest.raises(CannotLearnError, match=f"have {count} labels"):
        learner.learn(lesson)


def test_as_many_labels_as_may_be(
    learner: ClassifierLearner, fake: Models, runtime: Runtime
) -> None:
    (image,) = coloured("red", 1)
    seen = learner.look(image, (), None)
    lesson = [Looked((TrueLabel(f"label {number}"),), seen) for number in range(250)]
    model = open_custom_model(learner.learn(lesson), fake, runtime)
    assert len(model.detect([image])[0]) == 250


def test_the_file_is_one_that_any_program_reads(learner: ClassifierLearner) -> None:
    content = learner.learn(lessons(learner, coloured, COLOURS, 2))
    model = onnx.load_model_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    told = {prop.key: prop.value for prop in model.metadata_props}
    assert told["kind"] == "classifier"
    assert told["labels"] == '["blue","green","red"]'
    assert told["features"] == "fake, whole and middle"


def test_servers_that_do_not_learn_load_nothing_for_it() -> None:
    program = (
        "import sys; import openrekog.models.custom.opening, openrekog.models.custom.learners;"
        "import openrekog.server.http.app;"
        "print([name for name in ('sklearn', 'scipy') if name in sys.modules])"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"
