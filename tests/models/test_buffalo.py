"""InsightFace's packs, on small graphs with the signatures of the real ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.architectures.buffalo_l import (
    FROM_106,
    RAW,
    ArcFace,
    InsightAgeGender,
    InsightLandmarks,
    Scaling,
    Scrfd,
    load_buffalo,
    recognise,
    scaling,
)
from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.loading.faces import load_face_analyzer
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import Pack
from openrekog.models.results import Box, DetectedFace, Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.graphs import GraphBuilder
from tests.models.pictures import astronaut

RNG = np.random.default_rng(5)

# One face of 64 pixels in the middle of a cell of stride 32, as distances in strides.
DISTANCES = [1.0, 1.0, 1.0, 1.0]
POINTS = [-0.4, -0.3, 0.4, -0.3, 0.0, 0.1, -0.3, 0.5, 0.3, 0.5]


def detector(path: Path) -> Path:
    """Sees a face at stride 32 wherever the mean of a cell is bright, and nothing elsewhere."""
    build = GraphBuilder()
    names: dict[tuple[int, int], str] = {}
    for level, stride in enumerate((8, 16, 32)):
        cells = build.node(
            "AveragePool", "input.1", kernel_shape=[stride] * 2, strides=[stride] * 2
        )
        for part, width in enumerate((1, 4, 10)):
            weights = np.zeros((2 * width, 3, 1, 1))
            bias = np.zeros(2 * width)
            if part == 0:
                # Of two anchors, only the second sees anything.
                weights[1], bias[:] = 4, (-5 if stride == 32 else -30)
            else:
                bias[:] = 2 * (DISTANCES if part == 1 else POINTS)
            grid = build.node("Conv", cells, build.weight(weights), build.weight(bias))
            last = build.node("Transpose", grid, perm=[0, 2, 3, 1])
            flat = build.node("Reshape", last, build.weight([-1, width], np.int64))
            kind = "Sigmoid" if part == 0 else "Identity"
            names[part, level] = build.node(kind, flat, output=f"out{part}{level}")
    outputs = {names[key]: ["n", (1, 4, 10)[key[0]]] for key in sorted(names)}
    return build.save(path, {"input.1": [1, 3, "h", "w"]}, outputs)


def regressor(
    path: Path, size: int, width: int, batch: Any = "n", values: Any = None, raw: bool = False
) -> Path:
    """A linear map of 48 cell means, or fixed values; `raw` scales its pixels itself."""
    build = GraphBuilder()
    pixels = "data"
    if raw:
        pixels = build.node("Sub", pixels, build.weight(127.5))
        pixels = build.node("Mul", pixels, build.weight(1 / 128))
    means = build.node("AveragePool", pixels, kernel_shape=[size // 4] * 2, strides=[size // 4] * 2)
    flat = build.node("Flatten", means)
    weights = RNG.normal(size=(48, width)) if values is None else np.zeros((48, width))
    added = np.zeros(width) if values is None else values
    build.node("Gemm", flat, build.weight(weights), build.weight(added), output="fc1")
    return build.save(path, {"data": [batch, 3, size, size]}, {"fc1": [batch, width]})


@pytest.fixture
def pack(tmp_path: Path) -> list[Path]:
    """All five files, in names that say nothing."""
    landmarks = np.zeros((1103, 3))
    landmarks[-68:, 0] = np.linspace(-0.5, 0.5, 68)
    return [
        regressor(tmp_path / "a.onnx", 192, 3309, batch=1, values=landmarks.ravel()),
        detector(tmp_path / "b.onnx"),
        regressor(tmp_path / "c.onnx", 112, 512),
        regressor(tmp_path / "d.onnx", 96, 3, values=[0.2, 3.2, 0.41], raw=True),
        regressor(tmp_path / "e.onnx", 192, 212, values=np.linspace(-1, 1, 212)),
    ]


def face_at(left: float, top: float, width: float, height: float) -> DetectedFace:
    return DetectedFace(Box(left, top, width, height), 99, np.zeros((5, 2), np.float32))


def test_files_are_known_by_their_graphs(pack: list[Path]) -> None:
    with Runtime(["cpu"]) as runtime:
        kinds = [recognise(runtime.load(path)) for path in pack]
    assert kinds == ["landmarks68", "detector", "embedder", "age_gender", "landmarks106"]


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        session = runtime.load(regressor(tmp_path / "other.onnx", 112, 77))
        with pytest.raises(UnknownGraphError, match="other"):
            recognise(session)


def test_a_pack_without_its_embedder_is_refused(pack: list[Path]) -> None:
    with Runtime(["cpu"]) as runtime:
        files = [(runtime.load(path), path) for path in pack if path.name != "c.onnx"]
        with pytest.raises(UnknownGraphError, match="holds only"):
            load_buffalo(files)


def test_scaling_is_read_from_the_graph(pack: list[Path]) -> None:
    assert scaling(pack[2], 127.5) == Scaling(127.5, 127.5)
    assert scaling(pack[3], 128) == RAW


def test_detector_decodes_boxes_and_points(pack: list[Path]) -> None:
    window = np.zeros((96, 160, 3), np.uint8)
    window[32:64, 96:128] = 255
    with Runtime(["cpu"]) as runtime:
        found = Scrfd(runtime.load(pack[1])).candidates(window, 0.5)
    # The bright cell is row 1, column 3 of stride 32: its corner stands at (96, 32).
    np.testing.assert_allclose(found.boxes, [[64, 0, 128, 64]])
    expected = np.array(POINTS).reshape(5, 2) * 32 + (96, 32)
    np.testing.assert_allclose(found.points[0], expected, atol=1e-4)
    assert found.scores[0] > 0.99


def test_landmarks_come_back_into_the_picture(pack: list[Path]) -> None:
    image = astronaut()
    face = face_at(0.25, 0.25, 0.5, 0.25)
    with Runtime(["cpu"]) as runtime:
        of_68 = InsightLandmarks(runtime.load(pack[0]), RAW).locate(image, [face, face])
        (of_106,) = InsightLandmarks(runtime.load(pack[4]), RAW).locate(image, [face])
    # The crop is 1.5 x 256 pixels wide around (256, 192); -0.5 to 0.5 is its middle half.
    assert len(of_68) == 2
    np.testing.assert_allclose(of_68[1][:, 0] * 512, np.linspace(160, 352, 68), atol=0.01)
    np.testing.assert_allclose(of_68[1][:, 1] * 512, 192, atol=0.01)
    line = np.linspace(-1, 1, 212).reshape(106, 2)[FROM_106]
    np.testing.assert_allclose(of_106 * 512, line * 192 + (256, 192), atol=0.01)


def test_the_106_points_give_each_of_68_once() -> None:
    assert len(FROM_106) == len(set(FROM_106)) == 68
    assert all(0 <= index < 106 for index in FROM_106)


def test_age_gender_and_embeddings(pack: list[Path], landmarks: NDArray[np.float32]) -> None:
    image = astronaut()
    with Runtime(["cpu"]) as runtime:
        ages = InsightAgeGender(runtime.load(pack[3]), RAW).estimate(image, [landmarks] * 3)
        embedder = ArcFace(runtime.load(pack[2]), Scaling(127.5, 127.5))
        vectors = embedder.embed(image, [landmarks, landmarks])
    age, gender = ages[2]
    assert age == pytest.approx(41)
    assert (gender.value, round(gender.confidence)) == ("Male", 95)
    assert vectors.shape == (2, 512)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.fixture
def landmarks() -> NDArray[np.float32]:
    """68 points of which the eyes, nose and mouth are the astronaut's."""
    points = np.zeros((68, 2), np.float32)
    points[36:42], points[42:48] = (202, 101), (248, 103)
    points[30], points[48], points[54] = (224, 127), (202, 140), (245, 141)
    return points / np.float32(512)


class BuffaloStore(PackStore):
    """The fetched packs, and small files in place of the premium one."""

    def __init__(self, store: PackStore, files: dict[str, Path]) -> None:
        super().__init__(store.models_dir)
        self._files = files

    def path(self, pack: Pack, file_name: str) -> Path:
        return self._files[file_name] if pack.name == "buffalo_l" else super().path(pack, file_name)


def test_the_named_pack_takes_over(store: PackStore, pack: list[Path]) -> None:
    names = ("1k3d68.onnx", "det_10g.onnx", "w600k_r50.onnx", "genderage.onnx", "2d106det.onnx")
    files = dict(zip(names, pack, strict=True))
    image = np.zeros((640, 640, 3), np.uint8)
    image[320:352, 320:352] = 255
    with Runtime(["cpu"]) as runtime:
        analyzer = load_face_analyzer(
            Opening.of(BuffaloStore(store, files), runtime, ["buffalo_l"])
        )
        faces = analyzer.find(image, {"AGE_RANGE", "EMOTIONS"})
        vectors = analyzer.embed(image, faces)
    assert (analyzer.model_name, analyzer.dimension) == ("buffalo_l", 512)
    assert len(faces) == 1
    assert faces[0].attributes.age_low is not None
    assert faces[0].attributes.age_low < 41 < (faces[0].attributes.age_high or 0)
    assert vectors.shape == (1, 512)


class InsightSession:
    """A session as the insightface package expects it."""

    def __init__(self, path: Path) -> None:
        runtime = Runtime(["cpu"])
        self._session = runtime.load(path)

    def get_inputs(self) -> list[Any]:
        return _values(self._session.inputs)

    def get_outputs(self) -> list[Any]:
        return _values(self._session.outputs)

    def run(self, _names: list[str], feeds: dict[str, Any]) -> list[Any]:
        return self._session.run(feeds)


def _values(shapes: Any) -> list[Any]:
    return [type("Value", (), {"name": n, "shape": list(s)}) for n, s in shapes.items()]


def test_detections_equal_those_of_the_package(pack: list[Path]) -> None:
    scrfd = pytest.importorskip("insightface.model_zoo.scrfd")
    window: Image = RNG.integers(0, 256, (96, 160, 3), dtype=np.uint8)
    window[32:64, 96:128] = 255
    theirs = scrfd.SCRFD(session=InsightSession(pack[1]))
    boxes, points = theirs.detect(window[:, :, ::-1], input_size=(160, 96), det_thresh=0.5)
    with Runtime(["cpu"]) as runtime:
        ours = Scrfd(runtime.load(pack[1])).candidates(window, 0.5)
    np.testing.assert_allclose(ours.boxes, boxes[:, :4], atol=1e-3)
    np.testing.assert_allclose(ours.scores, boxes[:, 4], atol=1e-5)
    np.testing.assert_allclose(ours.points, points, atol=1e-3)


@pytest.mark.parametrize("index", [0, 4])
def test_landmarks_equal_those_of_the_package(pack: list[Path], index: int) -> None:
    landmark = pytest.importorskip("insightface.model_zoo.landmark")
    common = pytest.importorskip("insightface.app.common")
    width = 3309 if index == 0 else 212
    path = regressor(pack[index].with_name("random.onnx"), 192, width)
    theirs = landmark.Landmark(model_file=str(path), session=InsightSession(path))
    face = common.Face(bbox=np.array([128.0, 128, 384, 256]))
    expected = theirs.get(astronaut()[:, :, ::-1], face)
    expected = expected[:, :2] if index == 0 else expected[FROM_106]
    with Runtime(["cpu"]) as runtime:
        ours = InsightLandmarks(runtime.load(path), scaling(path, 128))
        (found,) = ours.locate(astronaut(), [face_at(0.25, 0.25, 0.5, 0.25)])
    np.testing.assert_allclose(found * 512, expected, atol=0.5)
