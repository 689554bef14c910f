"""RF-DETR, D-FINE and YOLO11 packs, on small graphs with the signatures of the real ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.capabilities import ObjectDetector
from openrekog.models.loading.labels import load_object_detector
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import Pack, find
from openrekog.models.results import Box, Image
from openrekog.models.runtime import Runtime
from tests.models.premium_graphs import d_fine, rf_detr, yolo


class OneFile:
    """A model folder of one file, whatever is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, pack: Pack, file_name: str) -> Path:
        return self._path


def load(runtime: Runtime, pack: str, path: Path) -> ObjectDetector:
    return load_object_detector(Opening.of(OneFile(path), runtime, [pack]))


def two_cells() -> Image:
    """512 x 256, black, with the second cell of the second row white and the last one grey."""
    image = np.zeros((256, 512, 3), np.uint8)
    image[64:128, 128:256] = 255
    image[192:, 384:] = 128
    return image


SECOND, LAST = Box(0.25, 0.25, 0.25, 0.25), Box(0.75, 0.75, 0.25, 0.25)


def close(found: Box, wanted: Box) -> bool:
    return [found.left, found.top, found.width, found.height] == pytest.approx(
        [wanted.left, wanted.top, wanted.width, wanted.height], abs=1e-5
    )


@pytest.mark.parametrize("side", [384, 512], ids=["nano", "small"])
def test_rf_detr(tmp_path: Path, side: int) -> None:
    with Runtime(["cpu"]) as runtime:
        model = load(runtime, "rf_detr", rf_detr(tmp_path / "any.onnx", side))
        found, nothing = model.detect([two_cells(), np.zeros((90, 70, 3), np.uint8)])
    assert model.scheme == "coco"
    assert nothing == []
    # 128 of 255 lies on a logit of 4 * (2 * 128 / 255 - 1) = 0.016.
    expected = [("dog", 98.2, SECOND), ("toothbrush", 95.26, SECOND)]
    expected += [("dog", 50.39, LAST), ("toothbrush", 27.21, LAST)]
    assert [one.name for one in found] == [name for name, _, _ in expected]
    for one, (_, confidence, box) in zip(found, expected, strict=True):
        assert one.confidence == pytest.approx(confidence, abs=0.2)
        assert close(one.box, box)


@pytest.mark.parametrize("free", [True, False], ids=["free batch", "batch of one"])
def test_d_fine(tmp_path: Path, free: bool) -> None:
    with Runtime(["cpu"]) as runtime:
        model = load(runtime, "d_fine", d_fine(tmp_path / "any.onnx", free=free))
        found, nothing = model.detect([two_cells(), np.zeros((90, 70, 3), np.uint8)])
    assert model.scheme == "coco"
    assert nothing == []
    assert [one.name for one in found] == ["dog", "dog"]
    # Averaging mixes a little of the black around into the borders of a cell.
    assert [one.confidence for one in found] == pytest.approx([100, 50.2], abs=0.5)
    assert close(found[0].box, SECOND)
    assert close(found[1].box, LAST)


def test_yolo11(tmp_path: Path) -> None:
    image = np.zeros((640, 640, 3), np.uint8)
    image[64:128, 128:192] = 255
    with Runtime(["cpu"]) as runtime:
        model = load(runtime, "yolo11", yolo(tmp_path / "any.onnx"))
        ((dog,),) = model.detect([image])
    assert (model.scheme, dog.name, round(dog.confidence)) == ("coco", "dog", 100)
    assert close(dog.box, Box(0.2, 0.1, 0.1, 0.1))


@pytest.mark.parametrize("pack", ["rf_detr", "d_fine", "yolo11"])
def test_no_picture_is_no_answer(tmp_path: Path, pack: str) -> None:
    make: dict[str, Callable[[Path], Path]] = {"rf_detr": rf_detr, "d_fine": d_fine, "yolo11": yolo}
    with Runtime(["cpu"]) as runtime:
        assert load(runtime, pack, make[pack](tmp_path / "any.onnx")).detect([]) == []


@pytest.mark.parametrize(
    ("pack", "make", "named"),
    [
        ("rf_detr", yolo, r"rf_detr/rf_detr is not RF-DETR .* gives output0 1x84x100"),
        ("rf_detr", lambda path: rf_detr(path, classes=6), "labels 1x16x6"),
        ("rf_detr", lambda path: rf_detr(path, outputs="pred_boxes logits"), "pred_boxes 1x16x4"),
        ("d_fine", rf_detr, r"d_fine/d_fine is not D-FINE .* takes input 1x3x384x384"),
        ("yolo11", d_fine, r"yolo11/yolo11 is not a YOLOv8 .* takes images Nx3x640x640, orig"),
    ],
    ids=["another network", "other classes", "other names", "another set", "two inputs"],
)
def test_another_graph_is_refused_by_name(
    tmp_path: Path, pack: str, make: Callable[[Path], Path], named: str
) -> None:
    path = make(tmp_path / "any.onnx")
    with Runtime(["cpu"]) as runtime, pytest.raises(UnknownGraphError, match=named):
        load(runtime, pack, path)


def test_a_class_beyond_coco_is_refused_when_it_is_seen(tmp_path: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        model = load(runtime, "d_fine", d_fine(tmp_path / "any.onnx", label=365))
        with pytest.raises(UnknownGraphError, match="has class 365"):
            model.detect([two_cells()])


def test_a_named_detector_replaces_the_default_one(tmp_path: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        opening = Opening.of(OneFile(tmp_path), runtime, ["rf_detr"])
    assert (opening.pack_for("object_detector"),) == find(["rf_detr"])
