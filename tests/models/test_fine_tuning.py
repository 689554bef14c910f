"""Learning of objects by fine-tuning: what the program is given, and what becomes of its graph."""

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import PIL.Image
import pytest
import yaml
from onnx import ModelProto, TensorProto, helper

from openrekog.models.convert.own_files import find_yolo
from openrekog.models.custom.fine_tuned import is_fine_tuned, read_any, write_fine_tuned
from openrekog.models.custom.fine_tuning import FineTuning, FineTuningLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, CustomModel, Looked
from openrekog.models.custom.model_file import ModelFileError
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.custom.yolo_dataset import encode, write_dataset
from openrekog.models.fake import fake_models
from openrekog.models.pack import packs
from openrekog.models.results import Box, Image
from openrekog.models.runtime import Runtime
from tests.models.premium_graphs import rf_detr, yolo
from tests.models.yolo_program import Yolo

FAKE = fake_models(packs()["fake"])
BLACK = np.zeros((100, 200, 3), np.uint8)
LABELS = ("Käfer/1: x", "bee")

LOOKED = (
    Looked((TrueLabel("bee", Box(0.25, 0.5, 0.5, 0.25)), TrueLabel(LABELS[0])), encode(BLACK)),
    Looked((TrueLabel(LABELS[0], Box(-0.5, 0.5, 1, 1)),), encode(BLACK)),
    Looked((TrueLabel("bee", Box(1.5, 0, 0.5, 1)),), encode(BLACK)),
)
"""With a label of the whole picture, a box beyond the edge, and one beside the picture."""


def opened(content: bytes, runtime: Runtime, *, trusted: bool = True) -> CustomModel:
    return open_custom_model(content, FAKE, runtime, trusted=trusted)


def learnt(program: Yolo, **terms: Any) -> bytes:
    told = FineTuning(str(program.program), program.weights, 3, program.side, **terms)
    return FineTuningLearner(told).learn(LOOKED)


def test_pictures_are_written_as_yolo_reads_them(tmp_path: Path) -> None:
    labels = write_dataset(tmp_path, LOOKED)
    assert labels == LABELS
    written = {path.stem: path.read_text() for path in (tmp_path / "labels").iterdir()}
    assert written == {
        "0000000": "1 0.500000 0.625000 0.500000 0.250000\n",
        "0000001": "0 0.250000 0.750000 0.500000 0.500000\n",
        "0000002": "",
    }
    assert {path.stem for path in (tmp_path / "images").iterdir()} == written.keys()
    told = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert told["names"] == {0: "0", 1: "1"}
    assert Path(told["path"], told["train"]).is_dir()


def test_pictures_are_kept_small_and_in_their_colours() -> None:
    image = np.zeros((500, 2560, 3), np.uint8)
    image[:, :1280] = (250, 120, 10)
    found = PIL.Image.open(io.BytesIO(encode(image)))
    assert (found.format, found.size) == ("JPEG", (1280, 250))
    left, right = found.getpixel((300, 100)), found.getpixel((1000, 100))
    assert left == pytest.approx((250, 120, 10), abs=3)
    assert right == pytest.approx((0, 0, 0), abs=3)


def test_what_the_program_exports_is_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENREKOG_S3_SECRET_ACCESS_KEY", "secret")
    program = Yolo(tmp_path / "program", classes=2).write()
    content = learnt(program)
    (_, first), (train, environment), (export, _) = program.called()
    assert train[:2] == ["detect", "train"]
    assert {"epochs=3", "imgsz=320", "seed=0", "deterministic=True"} <= set(train)
    assert "last.pt" in export[1]
    assert "secret" not in str(first) + str(environment)
    assert environment["YOLO_OFFLINE"] == "true"
    assert len([*(program.pictures / "images").iterdir()]) == len(LOOKED)
    image = BLACK.copy()
    image[30:50, 100:120] = 255  # one of the ten by ten cells of the square around it
    with Runtime(["cpu"]) as runtime:
        model = opened(content, runtime)
        [found] = model.detect([image])
        assert not runtime.loaded  # it goes with its last reference
    assert model.labels == LABELS
    assert found[0].name == LABELS[0]
    box = found[0].box
    assert box is not None
    wanted = pytest.approx([0.5, 0.3, 0.1, 0.2], abs=0.01)
    assert [box.left, box.top, box.width, box.height] == wanted
    assert found[0].confidence > 95  # resizing dims its edge


def test_equal_graphs_give_equal_files_whatever_is_told_of_them(tmp_path: Path) -> None:
    model = onnx.load(str(yolo(tmp_path / "graph.onnx", 320, 2)))
    plain = write_fine_tuned(model.SerializeToString(), LABELS)
    helper.set_model_props(model, {"date": "today", "kind": "classifier"})
    assert write_fine_tuned(model.SerializeToString(), LABELS) == plain
    assert is_fine_tuned(plain)
    assert read_any(plain).settings == {"licence": "AGPL-3.0-only"}


def test_nothing_is_learnt_without_boxes(tmp_path: Path) -> None:
    program = Yolo(tmp_path / "program").write()
    learner = FineTuningLearner(FineTuning(str(program.program), program.weights))
    with pytest.raises(CannotLearnError, match="No picture has a box"):
        learner.learn(LOOKED[2:])
    assert not program.calls.exists()


def test_another_kind_of_network_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    program = Yolo(tmp_path / "program").write()
    rf_detr(program.folder / "graph.onnx", 320)
    with pytest.raises(ModelFileError, match="2 outputs"):
        learnt(program)
    assert len(program.called()) == 1


Change = Callable[[ModelProto], Any]


def with_graph(model: ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("body", model.graph))


def with_outside(model: ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def with_outside_constant(model: ModelProto) -> None:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[1], name="c")
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.node.insert(0, helper.make_node("Constant", [], ["c"], value=tensor))


HOSTILE: Mapping[str, Change] = {
    "a loop": lambda model: setattr(model.graph.node[0], "op_type", "Loop"),
    "others' operators": lambda model: setattr(model.graph.node[0], "domain", "com.microsoft"),
    "a graph in the graph": with_graph,
    "weights of another file": with_outside,
    "a constant of another file": with_outside_constant,
    "functions": lambda model: model.functions.add(name="f", domain="mine"),
    "too few labels": lambda model: helper.set_model_props(
        model, {each.key: each.value for each in model.metadata_props} | {"labels": '["bee"]'}
    ),
    "no such tensor": lambda model: model.graph.node[1].input.__setitem__(0, "nowhere"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_graphs_that_are_not_plain_are_refused(change: Change, tmp_path: Path) -> None:
    graph = yolo(tmp_path / "graph.onnx", 320, 2).read_bytes()
    model = onnx.load_model_from_string(write_fine_tuned(graph, LABELS))
    change(model)
    with Runtime(["cpu"]) as runtime, pytest.raises(ModelFileError, match=r"^not a custom model"):
        opened(model.SerializeToString(), runtime)


def test_graphs_of_strangers_are_refused(tmp_path: Path) -> None:
    content = write_fine_tuned(yolo(tmp_path / "graph.onnx", 320, 2).read_bytes(), LABELS)
    with Runtime(["cpu"]) as runtime:
        assert opened(content, runtime).labels == LABELS
        with pytest.raises(ModelFileError, match="--trust-graph"):
            opened(content, runtime, trusted=False)


YOLO = find_yolo()


@pytest.mark.skipif(YOLO is None, reason="yolo, the program of ultralytics, is not installed")
def test_the_real_program(tmp_path: Path) -> None:
    """Weights by lot learn next to nothing in an epoch; but all steps are gone through, and again
    with the same result."""
    assert YOLO is not None
    python = Path(os.path.realpath(shutil.which(YOLO) or YOLO)).read_text().splitlines()[0][2:]
    code = "import sys, ultralytics; ultralytics.YOLO('yolo11n.yaml').save(sys.argv[1])"
    weights = tmp_path / "weights.pt"
    subprocess.run([*python.split(), "-c", code, weights], check=True, cwd=tmp_path)
    image: Image = np.random.default_rng(1).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    learner = FineTuningLearner(FineTuning(YOLO, weights, epochs=1, side=64, seconds=250))
    kept = [Looked(each.truth, encode(image)) for each in LOOKED]
    content = learner.learn(kept)
    assert learner.learn(kept) == content
    with Runtime(["cpu"]) as runtime:
        model = opened(content, runtime)
        assert model.labels == LABELS
        assert len(model.detect([image, BLACK])) == 2
