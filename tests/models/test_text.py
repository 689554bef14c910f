"""Text found and read: real pictures, and small graphs in the shape of packs not at hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from openrekog.models.architectures.batches import BATCH_SIZES
from openrekog.models.architectures.ctc import HEIGHT, WIDTHS, CtcRecogniser, own_width
from openrekog.models.architectures.dbnet import CANVASES, DbNet, choose, lines
from openrekog.models.convert import ctc
from openrekog.models.geometry import to_pixels
from openrekog.models.loading.opening import Opening
from openrekog.models.loading.text import load_text_reader
from openrekog.models.pack import Pack, packs
from openrekog.models.quadrilaterals import around, cut_out, grown, part, sides, turned
from openrekog.models.reading import ModelTextReader, in_reading_order
from openrekog.models.results import Character, Image, Points, Reading, TextLine
from openrekog.models.runtime import Runtime
from openrekog.models.session import Feeds
from openrekog.models.store import PackStore
from tests.models.pictures import photograph, resized


@pytest.fixture(scope="module")
def shapes() -> set[tuple[str, tuple[int, ...]]]:
    """The input shapes that the networks of `reader` have seen."""
    return set()


@pytest.fixture(scope="module")
def reader(store: PackStore, shapes: set[tuple[str, tuple[int, ...]]]) -> Iterator[ModelTextReader]:
    class Watched(Runtime):
        def load(self, path: Path, name: str | None = None) -> Any:
            session = super().load(path, name)
            run = session.run

            def watched(feeds: Feeds) -> Any:
                shapes.update((session.name, array.shape) for array in feeds.values())
                return run(feeds)

            session.run = watched  # type: ignore[method-assign]  # this one only
            return session

    with Watched(["cpu"]) as runtime:
        yield load_text_reader(Opening.of(store, runtime))


def read(reader: ModelTextReader, image: Image) -> list[TextLine]:
    (found,) = reader.read([image])
    return found


def page() -> Image:
    """A scanned page, 384 x 191, twice as large: the caption and text of scikit-image's example."""
    return resized(photograph("page.png"), 768, 382)


@pytest.fixture(scope="module")
def page_lines(reader: ModelTextReader) -> list[TextLine]:
    return read(reader, page())


def test_reads_a_page(page_lines: list[TextLine]) -> None:
    found = page_lines
    assert found[0].text == "Region-based segmentation"
    assert "Let us first determine markers of the coins and the" in [line.text for line in found]
    for line in found:
        assert " ".join(word.text for word in line.words) == line.text
        assert 0 <= line.confidence <= 100
        assert line.polygon.shape == (4, 2)
        assert line.polygon.dtype == np.float32


def test_words_lie_in_their_line_one_after_the_other(page_lines: list[TextLine]) -> None:
    for line in page_lines:
        ends = [float(word.polygon[:, 0].max()) for word in line.words]
        starts = [float(word.polygon[:, 0].min()) for word in line.words]
        assert all(end <= start + 1e-3 for end, start in zip(ends, starts[1:], strict=False))
        assert starts[0] >= line.polygon[:, 0].min() - 1e-3
        assert ends[-1] <= line.polygon[:, 0].max() + 1e-3


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_says_the_same(
    reader: ModelTextReader, page_lines: list[TextLine], quarters: int
) -> None:
    upright = {word.text for line in page_lines for word in line.words}
    image = np.ascontiguousarray(np.rot90(page(), quarters))
    found = {word.text for line in read(reader, image) for word in line.words}
    assert len(upright & found) >= 0.8 * len(upright)


def test_a_batch_is_read_as_each_of_its_images(
    reader: ModelTextReader, page_lines: list[TextLine]
) -> None:
    empty, lines = reader.read([np.zeros((90, 90, 3), np.uint8), page()])
    assert empty == []
    assert [line.text for line in lines] == [line.text for line in page_lines]


def test_input_shapes_are_few_whatever_the_picture(
    reader: ModelTextReader, shapes: set[tuple[str, tuple[int, ...]]]
) -> None:
    for width, height in ((80, 80), (97, 803), (1234, 80), (1001, 2003)):
        reader.read([resized(page(), width, height)])
    canvases = {(canvas.height, canvas.width) for canvas in CANVASES}
    for name, (batch, channels, height, width) in shapes:
        assert channels == 3
        if name.endswith("detector"):
            assert (batch, (height, width)) in {(1, canvas) for canvas in canvases}
        else:
            assert batch in BATCH_SIZES
            assert height == HEIGHT
            assert width in WIDTHS


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), (720, 1280), (4000, 3000), (80, 80), (10000, 80), (90, 9000)]
)
def test_a_canvas_holds_the_picture_and_wastes_little(width: int, height: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    canvas = choose(image, CANVASES)
    scale = canvas.scale(image)
    assert round(width * scale) <= canvas.width
    assert round(height * scale) <= canvas.height
    assert canvas.width % 32 == canvas.height % 32 == 0
    if 0.3 < width / height < 3 and width > 400:
        assert width * height * scale**2 > 0.8 * canvas.width * canvas.height


def drawn(corners: Points, shape: tuple[int, int] = (200, 400)) -> NDArray[np.float32]:
    chances = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(chances, corners.astype(np.int32), [0.9])
    return chances


def test_a_core_grows_to_its_line() -> None:
    core = np.array([[100, 80], [299, 80], [299, 99], [100, 99]], np.float32)
    (line,) = lines(drawn(core))
    width, height = sides(line)
    # The core and the pixel that the mask is dilated by, grown by 1.2 times area / circumference.
    distance = 200 * 20 * 1.2 / (2 * 220)
    assert width == pytest.approx(200 + 2 * distance, abs=2)
    assert height == pytest.approx(20 + 2 * distance, abs=2)
    np.testing.assert_allclose(line.mean(axis=0), [199.5, 89.5], atol=1)


def test_faint_and_tiny_cores_are_no_lines() -> None:
    core = np.array([[100, 80], [299, 80], [299, 99], [100, 99]], np.float32)
    assert lines(drawn(core) * np.float32(0.5)) == []
    assert lines(drawn(np.array([[10, 10], [12, 10], [12, 11], [10, 11]], np.float32))) == []


@pytest.mark.parametrize("degrees", [-40, -10, 0, 10, 40])
def test_rectangles_begin_at_the_top_left(degrees: float) -> None:
    corners = np.array([[-50, -10], [50, -10], [50, 10], [-50, 10]], np.float32)
    turn = cv2.getRotationMatrix2D((0, 0), -degrees, 1)[:, :2].astype(np.float32)
    np.testing.assert_allclose(around(corners @ turn.T), corners @ turn.T, atol=0.01)


def test_rectangles_are_grown_turned_and_divided() -> None:
    corners = np.array([[0, 0], [100, 0], [100, 20], [0, 20]], np.float32)
    np.testing.assert_allclose(grown(corners, 5)[[0, 2]], [[-5, -5], [105, 25]])
    np.testing.assert_allclose(turned(corners, 1)[0], [100, 0])
    np.testing.assert_allclose(part(corners, 0.25, 0.5)[[0, 2]], [[25, 0], [50, 20]])


def test_a_crop_is_upright() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:60, 30:40] = 255  # a bar 10 wide, 40 high
    bar = np.array([[30, 20], [40, 20], [40, 60], [30, 60]], np.float32)
    assert cut_out(image, bar, 10, 40).min() > 200
    assert cut_out(image, turned(bar, 3), 40, 10).min() > 200


def line_at(left: float, top: float, text: str, height: float = 20) -> tuple[Points, Reading]:
    right, bottom = left + 100, top + height
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return corners, Reading((Character(text, 1.0, 0, 1),))


def test_reading_order_is_by_rows() -> None:
    unordered = [
        line_at(200, 104, "b"),
        line_at(0, 200, "d"),
        line_at(0, 100, "a"),
        line_at(400, 97, "c"),
        line_at(300, 240, "e"),
    ]
    assert "".join(reading.text for _, reading in in_reading_order(unordered)) == "abcde"


class Saying:
    """A detector of one line, and a recogniser that says the same of every line."""

    def __init__(self, text: str) -> None:
        width = 1 / len(text)
        self._reading = Reading(
            tuple(Character(c, 0.9, n * width, (n + 1) * width) for n, c in enumerate(text))
        )

    def detect(self, images: Sequence[Image]) -> list[list[Points]]:
        return [[np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)] for _ in images]

    def recognise(self, _image: Image, lines: Sequence[Points]) -> list[Reading]:
        return [self._reading for _ in lines]


def said(text: str) -> TextLine:
    one = Saying(text)
    (line,) = read(ModelTextReader(one, [one]), np.zeros((100, 400, 3), np.uint8))
    return line


def test_letters_from_the_right_are_given_in_the_order_of_reading() -> None:
    """As seen from the left: "12", then two words of Hebrew letters."""
    line = said("12 \u05d1\u05d0 \u05d3\u05d2")
    assert line.text == "\u05d2\u05d3 \u05d0\u05d1 12"
    lefts = [float(word.polygon[0, 0]) for word in line.words]
    assert lefts == sorted(lefts, reverse=True)


def test_a_word_is_as_sure_as_its_characters() -> None:
    line = said("ab cde")
    assert [word.confidence for word in line.words] == pytest.approx([90, 90])
    assert line.confidence == pytest.approx(90)
    assert line.words[1].polygon[:, 0].tolist() == pytest.approx([0.5, 1, 1, 0.5])


def test_characters_cover_the_languages_that_are_promised(store: PackStore) -> None:
    path = store.path(packs()["ppocr_v6_small"], "characters.txt")
    known = set(path.read_text("utf-8").split("\n"))
    promised = "äöüßÄÖÜéèêëàâçîïôùûœÉÈàìòùáíóúñ¿ãõâêçÃÕ€£%&@"
    assert set(promised) <= known
    assert not {"ж", "ب", "अ", "ก", "한"} & known


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


def test_widths_follow_the_form_of_the_line() -> None:
    line = np.array([[0, 0], [100, 0], [100, 20], [0, 20]], np.float32)
    assert own_width(line) == 240
