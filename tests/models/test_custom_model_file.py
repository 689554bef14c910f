"""Files of custom models, and what is refused of damaged and hostile ones."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from openrekog.models.custom.classifier import head_graph
from openrekog.models.custom.model_file import (
    MOST_BYTES,
    ModelFile,
    ModelFileError,
    OtherFeaturesError,
    read,
    write,
)
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.fake import fake_models
from openrekog.models.loaded import Models
from openrekog.models.pack import packs
from openrekog.models.runtime import Runtime

DIMENSION = 128
GRAPH = head_graph(2, DIMENSION, "exclusive")
GOOD = ModelFile(
    "classifier",
    ("ants", "bees"),
    "fake, whole and middle",
    {"weights": np.eye(DIMENSION, 2, dtype=np.float32), "bias": np.zeros(2, np.float32)},
    {"relation": "exclusive"},
)

Change = Callable[[ModelProto], Any]


@pytest.fixture(scope="module")
def fake() -> Models:
    return fake_models(packs()["fake"])


def changed(change: Change) -> bytes:
    model = onnx.load_model_from_string(write(GOOD, GRAPH))
    change(model)
    return bytes(model.SerializeToString())


def metadata(**values: str | None) -> Change:
    """Sets metadata, or takes them away."""

    def change(model: ModelProto) -> None:
        told = {prop.key: prop.value for prop in model.metadata_props} | values
        helper.set_model_props(model, {key: value for key, value in told.items() if value})

    return change


def tensor(change: Callable[[TensorProto], Any]) -> Change:
    return lambda model: change(model.graph.initializer[0])


def test_what_is_written_is_read() -> None:
    found = read(write(GOOD, GRAPH))
    assert (found.kind, found.labels, found.features) == (GOOD.kind, GOOD.labels, GOOD.features)
    assert found.settings == GOOD.settings
    assert found.weights.keys() == GOOD.weights.keys()
    for name, array in GOOD.weights.items():
        np.testing.assert_array_equal(found.weights[name], array)


def test_labels_of_any_script() -> None:
    labels = ("Ameisen & Käfer", 'quote " and \\ slash', "蜂")
    file = ModelFile("classifier", labels, "f", GOOD.weights)
    assert read(write(file, GRAPH)).labels == labels


def field(number: int, payload: bytes) -> bytes:
    """In protobuf's encoding."""
    size, rest = b"", len(payload)
    while rest > 127:
        size, rest = size + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + size + bytes([rest]) + payload


def hoard(*path: int, count: int = 10_000_000) -> bytes:
    """A file of empty messages, for which libraries make objects of a gigabyte."""
    content = bytes([path[-1] << 3 | 2, 0]) * count
    for number in reversed(path[:-1]):
        content = field(number, content)
    return content


EXTERNAL = TensorProto.EXTERNAL

DAMAGED: Mapping[str, bytes | Change] = {
    "empty": b"",
    "no ONNX": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "text": b"not a model at all, " * 10,
    "too large": bytes(MOST_BYTES + 1),
    "many nodes": hoard(7, 1),
    "many weights, empty": hoard(7, 5),
    "many external data": hoard(7, 5, 13),
    "many metadata": hoard(14),
    "many attributes": hoard(7, 1, 5),
    "ONNX of others": lambda model: model.ClearField("metadata_props"),
    "newer version": metadata(openrekog="2"),
    "no kind": metadata(kind=None),
    "no features": metadata(features=None),
    "labels no JSON": metadata(labels="ants, bees"),
    "labels no list": metadata(labels='{"ants": 1}'),
    "labels no texts": metadata(labels="[1, 2]"),
    "label empty": metadata(labels='["ants", ""]'),
    "label long": metadata(labels=f'["ants", "{"b" * 256}"]'),
    "label twice": metadata(labels='["ants", "ants"]'),
    "no label": metadata(labels="[]"),
    "too many labels": metadata(labels=str(list(map(str, range(251)))).replace("'", '"')),
    "labels nested deeply": metadata(labels="[" * 100_000 + "]" * 100_000),
    "settings no JSON": metadata(settings="{"),
    "no weights": lambda model: model.graph.ClearField("initializer"),
    "many weights": lambda model: model.graph.initializer.extend(
        helper.make_tensor(f"more {number}", TensorProto.FLOAT, [1], [0.0]) for number in range(65)
    ),
    "weights without name": tensor(lambda found: setattr(found, "name", "")),
    "weights twice": lambda model: model.graph.initializer.append(model.graph.initializer[0]),
    "weights in another file": tensor(lambda found: setattr(found, "data_location", EXTERNAL)),
    "weights of another file": tensor(
        lambda found: found.external_data.add(key="location", value="../../etc/passwd")
    ),
    "weights of doubles": tensor(lambda found: setattr(found, "data_type", TensorProto.DOUBLE)),
    "fewer numbers": tensor(lambda found: setattr(found, "raw_data", found.raw_data[:-4])),
    "part of a number": tensor(lambda found: setattr(found, "raw_data", found.raw_data[:-1])),
    "huge shape": tensor(lambda found: found.dims.extend([2**31, 2**31])),
    "negative shape": tensor(lambda found: found.dims.__setitem__(0, -1)),
    "no number": tensor(
        lambda found: setattr(found, "raw_data", np.float32(np.nan).tobytes() + found.raw_data[4:])
    ),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_damaged_files_are_refused(damage: bytes | Change) -> None:
    with pytest.raises(ModelFileError, match=r"^not a custom model"):
        read(damage if isinstance(damage, bytes) else changed(damage))


def test_files_cut_off_anywhere_are_refused() -> None:
    content = write(GOOD, GRAPH)
    for length in range(0, len(content), 37):
        with pytest.raises(ModelFileError):
            read(content[:length])


UNFIT: Mapping[str, ModelFile] = {
    "unknown kind": ModelFile("oracle", GOOD.labels, GOOD.features, GOOD.weights),
    "unknown relation": ModelFile(
        "classifier", GOOD.labels, GOOD.features, GOOD.weights, {"relation": ["exclusive"]}
    ),
    "no relation": ModelFile("classifier", GOOD.labels, GOOD.features, GOOD.weights),
    "more labels than weights": ModelFile(
        "classifier", ("a", "b", "c"), GOOD.features, GOOD.weights, GOOD.settings
    ),
    "weights of another name": ModelFile(
        "classifier",
        GOOD.labels,
        GOOD.features,
        {"weights": GOOD.weights["weights"], "other": GOOD.weights["bias"]},
        GOOD.settings,
    ),
}


@pytest.mark.parametrize("file", UNFIT.values(), ids=UNFIT)
def test_whole_files_that_do_not_fit_are_refused(file: ModelFile, fake: Models) -> None:
    used = file.weights | {"bias": GOOD.weights["bias"]}
    content = write(ModelFile(file.kind, file.labels, file.features, used, file.settings), GRAPH)
    if file.weights.keys() != used.keys():
        content = content  # an unused weight lies beside those that are used
    with Runtime(["cpu"]) as runtime, pytest.raises(ModelFileError, match=r"^not a custom model"):
        open_custom_model(content, fake, runtime)


def test_a_model_of_other_features_is_refused_by_name(fake: Models) -> None:
    file = ModelFile("classifier", GOOD.labels, "resnet", GOOD.weights, GOOD.settings)
    with Runtime(["cpu"]) as runtime, pytest.raises(OtherFeaturesError, match=r"resnet.*fake"):
        open_custom_model(write(file, GRAPH), fake, runtime)


def test_the_graph_of_a_file_is_never_run(fake: Models) -> None:
    """Whatever a stranger's graph does, only the weights beside it count."""

    def endless(model: ModelProto) -> None:
        del model.graph.node[:]
        model.graph.node.append(helper.make_node("Loop", ["nothing"], ["chances"]))

    images = [np.full((40, 40, 3), value, np.uint8) for value in (20, 220)]
    with Runtime(["cpu"]) as runtime:
        expected = open_custom_model(write(GOOD, GRAPH), fake, runtime).detect(images)
        assert open_custom_model(changed(endless), fake, runtime).detect(images) == expected
