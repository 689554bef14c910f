"""What is read of folders, COCO files and YOLO files, and how they are told apart."""

import os
from pathlib import Path

import pytest

from openrekog.models.custom.labels import TrueLabel
from openrekog.models.results import Box
from openrekog.server.datasets.coco import read_coco
from openrekog.server.datasets.layouts import (
    Layout,
    LayoutError,
    Sample,
    read_label_folders,
    read_layout,
)
from openrekog.server.datasets.yolo import read_yolo
from tests.server.datasets_on_disk import boxed, coco_file, cut


def read(folder: Path) -> Layout:
    return read_layout(folder, (read_coco, read_yolo, read_label_folders))


def names(samples: list[Sample]) -> dict[str, list[str]]:
    return {each.name: [label.name for label in each.truth] for each in samples}


def box_of(sample: Sample, place: int = 0) -> list[float]:
    box = sample.truth[place].box
    assert box is not None
    return [box.left, box.top, box.width, box.height]


class TestLabelFolders:
    def test_every_picture_has_the_name_of_its_folder(self, tmp_path: Path) -> None:
        cut(tmp_path / "red brick", "brick", [0])
        cut(tmp_path / "grass" / "wet" / "deep", "grass", [1], ".PNG")
        cut(tmp_path / "grass" / ".thumbnails", "grass", [2])
        (tmp_path / "grass" / "notes.txt").write_text("no picture")
        cut(tmp_path, "gravel", [3])
        layout = read(tmp_path)
        assert layout.kind == "folders named by label"
        assert layout.parts.keys() == {"TRAIN"}
        assert names(layout.parts["TRAIN"]) == {
            "grass/wet/deep/1.PNG": ["grass"],
            "red brick/0.jpg": ["red brick"],
        }
        assert not layout.parts["TRAIN"][0].located
        assert layout.remarks == [
            "Left out, since in no folder that is named by a label: 1 picture."
        ]

    @pytest.mark.parametrize(
        ("folders", "train", "test"),
        [
            (["train", "test"], ["train"], ["test"]),
            (["Train", "val"], ["Train"], ["val"]),
            (["training", "validation", "testing"], ["training", "validation"], ["testing"]),
            (["test"], [], ["test"]),
        ],
    )
    def test_parts(
        self, tmp_path: Path, folders: list[str], train: list[str], test: list[str]
    ) -> None:
        for number, name in enumerate(folders):
            cut(tmp_path / name / "grass", "grass", [number])
        layout = read(tmp_path)
        found = {
            part: sorted(each.path.parts[-3] for each in layout.parts[part])
            for part in layout.parts
        }
        expected = {"TRAIN": sorted(train), "TEST": sorted(test)}
        assert found == {part: names for part, names in expected.items() if names}

    def test_a_name_that_is_no_utf_8(self, tmp_path: Path) -> None:
        cut(tmp_path / os.fsdecode(b"gr\xe4s"), "grass", [0])
        with pytest.raises(LayoutError, match="no UTF-8"):
            read(tmp_path)

    def test_pictures_of_parts_that_are_joined_keep_apart(self, tmp_path: Path) -> None:
        for part in ("test", "train", "training", "val"):
            cut(tmp_path / part / "grass", "grass", [0])
        layout = read(tmp_path)
        assert [each.name for each in layout.parts["TEST"]] == ["grass/0.jpg"]
        assert [each.name for each in layout.parts["TRAIN"]] == [
            "grass/0.jpg",
            "training/grass/0.jpg",
            "val/grass/0.jpg",
        ]

    def test_a_label_may_be_called_like_a_part(self, tmp_path: Path) -> None:
        cut(tmp_path / "train", "brick", [0])
        cut(tmp_path / "ship", "grass", [0])
        assert names(read(tmp_path).parts["TRAIN"]) == {
            "ship/0.jpg": ["ship"],
            "train/0.jpg": ["train"],
        }


class TestCoco:
    def test_boxes_are_ratios_of_the_annotated_size(self, tmp_path: Path) -> None:
        cut(tmp_path, "brick", range(3))
        found = {
            "0.jpg": [boxed("stone", 24, 48, 24, 24), boxed("gap", 90, 90, 20, 20)],
            "1.jpg": [boxed("stone", 0, 0, 96, 96, iscrowd=1)],
            "missing.jpg": [boxed("stone", 1, 1, 9, 9)],
            "../0.jpg": [],
        }
        (tmp_path / "labels.json").write_bytes(coco_file(found))
        layout = read(tmp_path)
        assert layout.kind == "COCO annotations (labels.json)"
        first, second = layout.parts["TRAIN"]
        assert (first.located, second.truth) == (True, ())
        assert first.truth[0] == TrueLabel("stone", Box(0.25, 0.5, 0.25, 0.25))
        assert box_of(first, 1) == pytest.approx([90 / 96, 90 / 96, 6 / 96, 6 / 96])
        assert layout.remarks == [
            f"{tmp_path}/labels.json: there is no picture missing.jpg",
            f"{tmp_path}/labels.json: there is no picture ../0.jpg",
        ]

    def test_two_files_that_name_one_picture(self, tmp_path: Path) -> None:
        """As of programs that write a file for each label; what both say is there once."""
        cut(tmp_path, "gravel", [0, 1])
        both = boxed("stone", 1, 1, 9, 9)
        first = {"0.jpg": [both, boxed("stone", 30, 30, 9, 9)], "1.jpg": []}
        (tmp_path / "a_train.json").write_bytes(coco_file(first))
        (tmp_path / "b_val.json").write_bytes(coco_file({"0.jpg": [boxed("moss", 5, 5, 9, 9)]}))
        (tmp_path / "c_train.json").write_bytes(coco_file({"0.jpg": [both]}))
        (tmp_path / "d_test.json").write_bytes(coco_file({"1.jpg": []}))
        layout = read(tmp_path)
        assert names(layout.parts["TRAIN"]) == {"0.jpg": ["stone", "stone", "moss"], "1.jpg": []}
        assert names(layout.parts["TEST"]) == {"1.jpg": []}
        assert "Named several times, and taken with all their boxes: 1 picture." in layout.remarks

    def test_the_layout_of_coco_itself(self, tmp_path: Path) -> None:
        cut(tmp_path / "train2017", "brick", [0])
        cut(tmp_path / "val2017", "grass", [0])
        (tmp_path / "annotations").mkdir()
        for part in ("train2017", "val2017"):
            for kind in ("instances", "person_keypoints"):
                file = tmp_path / "annotations" / f"{kind}_{part}.json"
                file.write_bytes(coco_file({"0.jpg": [boxed("stone", 1, 1, 9, 9)]}))
            (tmp_path / "annotations" / f"captions_{part}.json").write_text('{"images": []}')
        layout = read(tmp_path)
        assert len(layout.parts["TRAIN"]) == 1
        assert names(layout.parts["TRAIN"]) == {"train2017/0.jpg": ["stone"]}
        assert names(layout.parts["TEST"]) == {"val2017/0.jpg": ["stone"]}

    def test_a_file_in_the_folder_of_each_part(self, tmp_path: Path) -> None:
        for part in ("train", "test"):
            cut(tmp_path / part, "brick", [0])
            file = tmp_path / part / "_annotations.coco.json"
            file.write_bytes(coco_file({"0.jpg": [boxed("stone", 1, 1, 9, 9)]}))
        assert {part: len(found) for part, found in read(tmp_path).parts.items()} == {
            "TRAIN": 1,
            "TEST": 1,
        }

    def test_what_is_wrong_is_named(self, tmp_path: Path) -> None:
        cut(tmp_path, "brick", [0])
        wrong = coco_file({"0.jpg": [boxed("stone", 1, 1, 9)]})
        (tmp_path / "a.json").write_bytes(wrong)
        with pytest.raises(LayoutError, match=r"a\.json is no COCO file: annotations\.0\.bbox"):
            read(tmp_path)

    def test_a_box_of_no_numbers_is_none(self, tmp_path: Path) -> None:
        cut(tmp_path, "brick", [0])
        wrong = coco_file({"0.jpg": [boxed("stone", 1, 1, 9, 9)]}).replace(
            b"[1,1,9,9]", b'["nan",1,9,9]'
        )
        (tmp_path / "a.json").write_bytes(wrong)
        assert names(read(tmp_path).parts["TRAIN"]) == {"0.jpg": []}


class TestYolo:
    def test_boxes_outlines_and_empty_pictures(self, tmp_path: Path) -> None:
        cut(tmp_path / "train" / "images", "brick", range(4))
        labels = tmp_path / "train" / "labels"
        labels.mkdir()
        (labels / "0.txt").write_text("1 0.5 0.5 0.5 0.25\n\n0 0.1 0.1 0.4 0.4 0.93\n")
        (labels / "1.txt").write_text("0 0.2 0.3 0.6 0.3 0.4 0.9\n")
        wrong = ("7 0.5 0.5 0.1 0.1", "stone", "nan 0.5 0.5 0.1 0.1", "inf 0 0 1 1", "0 nan 0 1 1")
        (labels / "2.txt").write_text("\n".join(wrong))
        # As Roboflow writes it, one folder too high.
        (tmp_path / "data.yaml").write_text("names: [stone, gap]\nnc: 2\ntrain: ../train/images\n")
        layout = read(tmp_path)
        assert layout.kind == "YOLO annotations (data.yaml)"
        samples = layout.parts["TRAIN"]
        assert names(samples) == {
            "train/images/0.jpg": ["gap", "stone"],
            "train/images/1.jpg": ["stone"],
            "train/images/2.jpg": [],
            "train/images/3.jpg": [],
        }
        assert box_of(samples[0]) == pytest.approx([0.25, 0.375, 0.5, 0.25])
        # Half of the second box is out of the picture to the left and above.
        assert box_of(samples[0], 1) == pytest.approx([0, 0, 0.3, 0.3])
        assert box_of(samples[1]) == pytest.approx([0.2, 0.3, 0.4, 0.6])
        assert layout.remarks == [
            f"{labels}/2.txt, line {number}: no box of a known class, left out"
            for number in range(1, len(wrong) + 1)
        ]

    def test_parts_and_a_path_of_another_machine(self, tmp_path: Path) -> None:
        for part in ("train", "val"):
            cut(tmp_path / "images" / part, "brick", [0])
            (tmp_path / "labels" / part).mkdir(parents=True)
            (tmp_path / "labels" / part / "0.txt").write_text("3 0.5 0.5 0.2 0.2")
        told = (
            "path: /home/somebody/data\ntrain: images/train\nval: [images/val]\nnames: {3: stone}\n"
        )
        (tmp_path / "set.yml").write_text(told)
        layout = read(tmp_path)
        assert names(layout.parts["TRAIN"]) == {"images/train/0.jpg": ["stone"]}
        assert names(layout.parts["TEST"]) == {"images/val/0.jpg": ["stone"]}
        assert layout.remarks == ["Those for validation are tested with: 1 picture."]

    def test_names_in_classes_txt(self, tmp_path: Path) -> None:
        cut(tmp_path, "brick", [0])
        (tmp_path / "classes.txt").write_text("stone\n")
        (tmp_path / "0.txt").write_text("0 0.5 0.5 0.2 0.2")
        assert names(read(tmp_path).parts["TRAIN"]) == {"0.jpg": ["stone"]}

    def test_a_list_of_pictures(self, tmp_path: Path) -> None:
        cut(tmp_path, "brick", [0, 1])
        (tmp_path / "1.txt").write_text("0 0.5 0.5 0.2 0.2")
        (tmp_path / "list.txt").write_text("1.jpg\n")
        (tmp_path / "data.yaml").write_text("names: [stone]\ntrain: list.txt\n")
        assert names(read(tmp_path).parts["TRAIN"]) == {"1.jpg": ["stone"]}

    @pytest.mark.parametrize(
        ("yaml", "message"),
        [
            ("names: [a]\ntrain: nowhere\n", "has no nowhere"),
            ("names: [a]\n", "no picture has a text file"),
            ("names: [a\n", "is no YAML"),
            ("names: 5\n", "no list of classes"),
            ("names: {a: b}\n", "no list of classes"),
            ("names: [\xe4]\n", "is no UTF-8"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, yaml: str, message: str) -> None:
        cut(tmp_path / "images", "brick", [0])
        (tmp_path / "data.yaml").write_text(yaml, encoding="latin-1")
        with pytest.raises(LayoutError, match=message):
            read(tmp_path)


def test_a_folder_that_is_no_dataset_is_told_what_one_is(tmp_path: Path) -> None:
    cut(tmp_path, "brick", [0])
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError, match="folders named by label, with pictures"):
        read(tmp_path)
    with pytest.raises(LayoutError, match="There is no folder"):
        read(tmp_path / "nowhere")
