"""Recognisers of other sizes and scripts, on small graphs of the same shape."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from openrekog.models.architectures.ctc import HEIGHT, CtcRecogniser
from openrekog.models.architectures.dbnet import DbNet
from openrekog.models.convert import ctc
from openrekog.models.geometry import to_pixels
from openrekog.models.loading.opening import Opening
from openrekog.models.loading.text import load_text_reader
from openrekog.models.pack import Pack, packs
from openrekog.models.reading import ModelTextReader
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.pages import page, read

# Graphs of the same shape as PaddleOCR's, in place of packs whose weights are not to be had here.

WORDS = ("a", "b", "Ж")


def published_recogniser(characters: Sequence[str] = WORDS, classes: int | None = None) -> bytes:
    """Says of each step of eight pixels the character whose channel is brightest: red, green and
    blue are the classes 3, 2 and 1; black is the blank."""
    count = len(characters) + 2 if classes is None else classes
    weights = np.zeros((count, 3, 1, 1), np.float32)
    for index, channel in zip(range(1, count - 1), (0, 1, 2), strict=False):
        weights[index, channel] = 8  # the input is BGR
    bias = np.full(count, -4, np.float32)
    bias[0] = 0
    nodes = [
        helper.make_node("AveragePool", ["x"], ["steps"], kernel_shape=[48, 8], strides=[48, 8]),
        helper.make_node("Conv", ["steps", "weights", "bias"], ["maps"]),
        helper.make_node("Squeeze", ["maps"], ["flat"], axes=[2]),
        helper.make_node("Transpose", ["flat"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("Softmax", ["rows"], ["y"], axis=2),
    ]
    graph = helper.make_graph(
        nodes,
        "recogniser",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 48, "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "t", count])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    if characters:
        helper.set_model_props(model, {"character": "\n".join(characters)})
    content: bytes = model.SerializeToString()
    return content


def published_detector() -> bytes:
    """The chance of text is how white a pixel is."""
    weights = np.full((1, 3, 1, 1), 4, np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "weights"], ["map"]),
        helper.make_node("Sigmoid", ["map"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    content: bytes = model.SerializeToString()
    return content


class SmallStore(PackStore):
    """The fetched packs, and small files in place of those that are not at hand."""

    def __init__(self, store: PackStore, folder: Path) -> None:
        super().__init__(store.models_dir)
        self._folder = folder
        (folder / "detector.onnx").write_bytes(published_detector())
        (folder / "recogniser.onnx").write_bytes(ctc.best(published_recogniser()))
        (folder / "characters.txt").write_bytes(ctc.characters(published_recogniser()))

    def path(self, pack: Pack, file_name: str) -> Path:
        small = pack.name.startswith("ppocr") and not pack.default
        return self._folder / file_name if small else super().path(pack, file_name)


def test_a_recogniser_is_read_by_its_own_characters(tmp_path: Path, store: PackStore) -> None:
    image = np.zeros((HEIGHT, 320, 3), np.uint8)
    for start, colour in ((40, 0), (120, 1), (160, 1), (240, 2)):
        image[:, start : start + 24, colour] = 255
    whole = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    small = SmallStore(store, tmp_path)
    with Runtime(["cpu"]) as runtime:
        session = runtime.load(small.path(packs()["ppocr_russian"], "recogniser.onnx"))
        characters = (tmp_path / "characters.txt").read_text("utf-8").split("\n")
        (reading,) = CtcRecogniser(session, characters).recognise(image, [whole])
    assert characters == ["", "a", "b", "Ж", " "]
    assert reading.text == "Жbba"
    middles = [(c.start + c.end) / 2 * 320 for c in reading.characters]
    np.testing.assert_allclose(middles, [44, 110, 174, 244], atol=24)
    assert reading.score > 0.9


def test_the_medium_pack_takes_over(tmp_path: Path, store: PackStore) -> None:
    with Runtime(["cpu"]) as runtime:
        opening = Opening.of(SmallStore(store, tmp_path), runtime, ["ppocr_v6_medium"])
        small = load_text_reader(opening)
        names = {model.name for model in runtime.loaded}
        assert names == {"ppocr_v6_medium/detector", "ppocr_v6_medium/recogniser"}
        image = np.zeros((200, 600, 3), np.uint8)
        image[80:120, 100:500] = 255
        (found,) = DbNet(runtime.load(tmp_path / "detector.onnx")).detect([image])
        assert len(found) == 1
        left, top = to_pixels(found[0], image).min(axis=0)
        assert 60 < left < 100
        assert 40 < top < 80
        assert isinstance(small, ModelTextReader)


def test_another_script_reads_beside_the_default(tmp_path: Path, store: PackStore) -> None:
    with Runtime(["cpu"]) as runtime:
        opening = Opening.of(SmallStore(store, tmp_path), runtime, ["ppocr_russian"])
        both = load_text_reader(opening)
        assert {model.name for model in runtime.loaded} == {
            "ppocr_v6_small/detector",
            "ppocr_v6_small/recogniser",
            "ppocr_russian/recogniser",
        }
        # The default one is surer of a page than the small graph.
        assert read(both, page())[0].text == "Region-based segmentation"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param(published_recogniser(()), "does not carry its characters", id="none"),
        pytest.param(published_recogniser(classes=9), "5 characters for 9 classes", id="too few"),
    ],
)
def test_a_graph_without_its_characters_is_refused(source: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ctc.characters(source)
