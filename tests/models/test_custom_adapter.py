"""Moderation adapters, taught with real pictures on the default network."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from openrekog.models.custom.adapter import Adapter, open_adapter, pulled
from openrekog.models.custom.adapter_learner import AdapterLearner, Base
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.model_file import ModelFile, ModelFileError, read, write
from openrekog.models.fake import fake_models
from openrekog.models.loaded import Models
from openrekog.models.loading import load_models
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import packs
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.custom_sets import coloured, looked, patches
from tests.models.pictures import astronaut, photograph

LABELS = ("Drugs", "Pills", "Weapons")
ABOVE = {"Pills": ("Drugs",)}


def base(said: Mapping[str, float]) -> Base:
    return Base(LABELS, ABOVE, lambda _image: said)


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with Runtime(["cpu"]) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def fake() -> Models:
    return fake_models(packs()["fake"])


@pytest.fixture(scope="module")
def adapter(store: PackStore, runtime: Runtime) -> Adapter:
    """Brick is taken for weapons, and is none; nobody sees that pebbles are pills."""
    models = load_models(Opening.of(store, runtime))
    alarmed = AdapterLearner(models.features, base({"Weapons": 92.0}))
    silent = AdapterLearner(models.features, base({}))
    lesson = [
        *looked(alarmed, patches("brick", 6)),
        *looked(silent, patches("pebbles", 6), "Pills"),
        *looked(silent, patches("grass", 6)),
    ]
    return open_adapter(read(silent.learn(lesson)), models, runtime)


def least_and_most(adapter: Adapter, images: list[Image], label: str) -> tuple[float, float]:
    pulls = [each[label] for each in adapter.pulls(images)]
    return min(pulls), max(pulls)


def test_what_it_knows(adapter: Adapter) -> None:
    """Labels that were given, those above them, and those of false alarms."""
    assert adapter.labels == LABELS
    assert adapter.pulls([]) == []


def test_a_false_alarm_is_lowered(adapter: Adapter) -> None:
    _, most = least_and_most(adapter, patches("brick", 3, right=True), "Weapons")
    assert pulled(92.0, most) < 35


@pytest.mark.parametrize("label", ["Pills", "Drugs"])
def test_a_missed_label_is_raised(adapter: Adapter, label: str) -> None:
    least, _ = least_and_most(adapter, patches("pebbles", 3, right=True), label)
    assert pulled(0.0, least) > 55


def test_pictures_like_none_of_them_stay_as_they_were(adapter: Adapter) -> None:
    others = [astronaut(), photograph("chelsea.png"), photograph("coffee.png")]
    least, _ = least_and_most(adapter, others, "Weapons")
    assert pulled(92.0, least) > 65
    _, most = least_and_most(adapter, others, "Pills")
    assert pulled(0.0, most) < 20


def test_equal_pictures_give_an_equal_adapter(fake: Models) -> None:
    learner = AdapterLearner(fake.features, base({}))
    lesson = [*looked(learner, coloured("red", 3), "Pills"), *looked(learner, coloured("blue", 3))]
    assert learner.learn(iter(lesson)) == learner.learn(iter(lesson))


def test_nothing_to_teach(fake: Models) -> None:
    learner = AdapterLearner(fake.features, base({"Weapons": 49.0}))
    with pytest.raises(CannotLearnError, match="false alarm"):
        learner.learn(looked(learner, coloured("red", 3)))


def test_a_label_that_there_is_not(fake: Models) -> None:
    learner = AdapterLearner(fake.features, base({}))
    (image,) = coloured("red", 1)
    truth = (TrueLabel("Pils"),)
    with pytest.raises(CannotLearnError, match="no moderation label Pils"):
        learner.learn([Looked(truth, learner.look(image, truth, None))])


@pytest.mark.parametrize("change", ["kind", "shape", "name"])
def test_files_that_are_no_adapters(fake: Models, runtime: Runtime, change: str) -> None:
    dimension = 2 * fake.features.dimension
    examples = np.ones((dimension - (change == "shape"), 1))
    weights = {"examples": examples, "steepness": np.ones(1), "weights": np.ones((1, 1))}
    graph = f"g (float[n, {len(examples)}] x) => (float[n, 1] y) {{ y = MatMul(x, examples) }}"
    if change == "name":
        weights["other"] = weights.pop("weights")
    kind = "classifier" if change == "kind" else "adapter"
    file = ModelFile(kind, ("Pills",), "fake, whole and middle", weights)
    with pytest.raises(ModelFileError, match=r"^not a"):
        open_adapter(read(write(file, graph)), fake, runtime)
