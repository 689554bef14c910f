"""A classifier in one file with its network answers other programs as it answers the server."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime as ort
import orjson
import PIL.Image
import pytest

from openrekog.collections_store.records import NewVersion, Scope
from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.classifier import Classifier, head_graph
from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import graph_bytes, read
from openrekog.models.custom.standalone import standalone_classifier
from openrekog.models.loading.labels import load_classifiers, with_features
from openrekog.models.loading.opening import Opening
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.exchange.exports import find_exported
from tests.acceptance.custom_models import store_of
from tests.acceptance.photos import photograph

NAMES = ("astronaut.png", "coffee.png", "chelsea.png")


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with Runtime(["cpu"]) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def features(store: PackStore, runtime: Runtime) -> FeatureExtractor:
    return with_features(load_classifiers(Opening.of(store, runtime)))


@pytest.fixture(scope="module")
def learnt(features: FeatureExtractor) -> bytes:
    """Tells quarters of three photographs apart."""
    learner = ClassifierLearner(features)
    return learner.learn(
        Looked(truth, learner.look(part, truth, None))
        for name in NAMES
        for truth in [(TrueLabel(name),)]
        for part in quarters(np.asarray(photograph(name)))
    )


def quarters(image: Image) -> Iterator[Image]:
    height, width = image.shape[0] // 2, image.shape[1] // 2
    for top, left in product((0, height), (0, width)):
        yield np.ascontiguousarray(image[top : top + height, left : left + width])


@pytest.fixture(scope="module")
def standalone(store: PackStore, learnt: bytes) -> ort.InferenceSession:
    network = store.models_dir / "efficientnet_lite2" / "efficientnet_lite2.onnx"
    return ort.InferenceSession(standalone_classifier(read(learnt), network.read_bytes()))


def views(picture: PIL.Image.Image) -> dict[str, np.ndarray]:
    """As labels.json describes them, by Pillow."""
    length = round(min(picture.size) * 260 / 292)
    left, top = (picture.width - length) // 2, (picture.height - length) // 2
    middle = picture.crop((left, top, left + length, top + length))
    bicubic = PIL.Image.Resampling.BICUBIC
    return {
        name: np.asarray(view.resize((260, 260), bicubic))[None]
        for name, view in {"whole": picture, "middle": middle}.items()
    }


def test_the_same_answers(
    features: FeatureExtractor, runtime: Runtime, learnt: bytes, standalone: ort.InferenceSession
) -> None:
    file = read(learnt)
    head = graph_bytes(head_graph(3, file.weights["weights"].shape[0], "exclusive"), file.weights)
    model = Classifier(file.labels, Looks(features), runtime.load_head(head, "head"))
    for name in NAMES:
        # Of the size of the network's input, so that no program can resize it otherwise.
        picture = photograph(name).crop((40, 20, 300, 280))
        [found] = model.detect([np.asarray(picture)])
        expected = {label.name: label.confidence / 100 for label in found}
        [chances] = standalone.run(None, views(picture))
        told = dict(zip(file.labels, chances[0].tolist(), strict=True))
        assert max(told, key=lambda label: told[label]) == found[0].name == name
        assert told == pytest.approx(expected, abs=0.03)


def test_its_form(standalone: ort.InferenceSession) -> None:
    inputs = {value.name: (value.type, value.shape) for value in standalone.get_inputs()}
    assert inputs == dict.fromkeys(("whole", "middle"), ("tensor(uint8)", ["batch", 260, 260, 3]))
    batch = np.random.default_rng(0).integers(0, 255, (3, 260, 260, 3), np.uint8)
    [chances] = standalone.run(None, {"whole": batch, "middle": batch})
    assert chances.shape == (3, 3)
    assert chances.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    [alone] = standalone.run(None, {"whole": batch[1:2], "middle": batch[1:2]})
    assert alone[0] == pytest.approx(chances[1], abs=1e-5)


def test_it_is_exported_with_what_others_must_know(
    store: PackStore, learnt: bytes, tmp_path: Path
) -> None:
    new = NewVersion("v1", "{}", "TRAINING_COMPLETED", "classifier")
    with store_of(tmp_path) as rows_of, rows_of.write() as rows:
        project = rows.projects.create(Scope("000000000000", "here"), "p", "CUSTOM_LABELS", None)
        rows.versions.put_content(rows.versions.create(project, new), learnt)
    with store_of(tmp_path) as rows_of:
        files = find_exported(rows_of, Scope("000000000000", "here"), "p", "v1").files(
            store.models_dir
        )
    network = store.models_dir / "efficientnet_lite2" / "efficientnet_lite2.onnx"
    assert files["model.onnx"] == standalone_classifier(read(learnt), network.read_bytes())
    document = orjson.loads(files["labels.json"])
    assert (document["network"], document["licence"]) == ("efficientnet_lite2", "Apache-2.0")
    assert set(document["inputs"]) >= {"whole", "middle"}
    assert {label["threshold"] for label in document["labels"]} == {0.5}


def test_the_file_is_small(store: PackStore, learnt: bytes) -> None:
    """The classes that the network was trained for are left out."""
    network = store.models_dir / "efficientnet_lite2" / "efficientnet_lite2.onnx"
    whole = standalone_classifier(read(learnt), network.read_bytes())
    assert len(whole) < network.stat().st_size - 1000 * 1280 * 4 + len(learnt) + 20_000
