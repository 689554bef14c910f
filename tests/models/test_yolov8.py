"""YOLOv8-shaped detectors, on small graphs with the signature of the real ones."""

from pathlib import Path

import numpy as np
import pytest

from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.architectures.yolov8 import Padding, YoloV8
from openrekog.models.results import Box, Image
from openrekog.models.runtime import Runtime
from openrekog.models.vocabulary.classes import class_names
from tests.models.graphs import GraphBuilder
from tests.models.premium_graphs import yolo

COCO = class_names("coco")


def bright(height: int, width: int, *cells: tuple[int, int, int, int], value: int = 255) -> Image:
    """Black with bright rectangles, each left, top, right, bottom in pixels."""
    image = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in cells:
        image[top:bottom, left:right] = value
    return image


def corners(box: Box) -> list[float]:
    return [box.left, box.top, box.left + box.width, box.top + box.height]


@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
def test_boxes_come_back_out_of_the_padding(tmp_path: Path, free: bool) -> None:
    # 1280 x 640 lies in rows 160 to 480 of the square, at half size: the cell in column 2, row 3
    # of the square is 256..384 x 64..192 of the picture.
    image = bright(640, 1280, (256, 64, 384, 192))
    with Runtime(["cpu"]) as runtime:
        model = YoloV8(runtime.load(yolo(tmp_path / "yolo.onnx", free=free)), COCO, "coco")
        (found,) = model.detect([image])
    assert model.scheme == "coco"
    (best,) = found[:1]
    assert best.name == "dog"
    # The grey of the padding is a dog of 45 % to this network, but not within the picture; of the
    # cells that lie half in each, half of that is left.
    assert best.confidence == pytest.approx(100, abs=0.5)
    assert found[1].confidence == pytest.approx(50 * 114 / 255, abs=0.5)
    np.testing.assert_allclose(corners(best.box), [0.2, 0.1, 0.3, 0.3], atol=1e-5)


def test_the_best_class_of_an_anchor_counts_and_the_best_box_stands_first(tmp_path: Path) -> None:
    image = bright(640, 640, (0, 0, 64, 64))
    image[576:, 576:] = 128
    with Runtime(["cpu"]) as runtime:
        model = YoloV8(runtime.load(yolo(tmp_path / "yolo.onnx")), COCO, "coco")
        (found, nothing) = model.detect([image, bright(640, 640)])
    assert [(one.name, round(one.confidence)) for one in found] == [("dog", 100), ("dog", 50)]
    np.testing.assert_allclose(corners(found[1].box), [0.9, 0.9, 1, 1], atol=1e-5)
    assert nothing == []


def test_overlapping_boxes_of_one_class_are_one(tmp_path: Path) -> None:
    build = GraphBuilder()
    # Three anchors at nearly one place, of two classes.
    columns = np.array(
        [[100, 104, 102], [100, 100, 100], [80, 80, 80], [80, 80, 80], [0.9, 0.8, 0], [0, 0, 0.6]]
    )
    build.node("ReduceMean", "images", axes=[1, 2, 3], keepdims=1, output="mean")
    still = build.node(
        "Mul", build.node("Squeeze", "mean", build.weight([3], np.int64)), build.weight(0.0)
    )
    build.node("Add", still, build.weight(columns[None]), output="out")
    path = build.save(tmp_path / "two.onnx", {"images": [1, 3, 320, 320]}, {"out": [1, 6, 3]})
    with Runtime(["cpu"]) as runtime:
        model = YoloV8(
            runtime.load(path), ("FACE", "FEET"), "nudenet", Padding(grey=0, centred=False)
        )
        (found,) = model.detect([bright(320, 160)])
    assert model.scheme == "nudenet"
    assert [one.name for one in found] == ["FACE", "FEET"]
    assert [one.confidence for one in found] == pytest.approx([90, 60], abs=1e-4)
    # Top left: x of 60 to 140 in pixels of a picture that is 160 wide and 320 high.
    np.testing.assert_allclose(corners(found[0].box), [60 / 160, 60 / 320, 140 / 160, 140 / 320])


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        session = runtime.load(yolo(tmp_path / "three.onnx", classes=3))
        with pytest.raises(UnknownGraphError, match=r"three is not .*80 classes.*output0 1x7x100"):
            YoloV8(session, COCO, "coco")


def test_a_graph_that_suppresses_itself_is_refused(tmp_path: Path) -> None:
    build = GraphBuilder()
    build.cells("images", 640, 10, np.zeros((6, 3)), np.zeros(6))
    build.node("Transpose", build.nodes[-1].output[0], perm=[0, 2, 1], output="output0")
    path = build.save(
        tmp_path / "end2end.onnx", {"images": [1, 3, 640, 640]}, {"output0": [1, 100, 6]}
    )
    with Runtime(["cpu"]) as runtime, pytest.raises(UnknownGraphError, match="output0 1x100x6"):
        YoloV8(runtime.load(path), COCO, "coco")
