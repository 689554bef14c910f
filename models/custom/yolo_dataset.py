"""Pictures and their boxes as a folder that YOLO learns from: `images/N.jpg`, `labels/N.txt` with a
line for each box (class, then centre and size in ratios of the picture), and `data.yaml`."""

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import yaml

from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.results import Box, Image

LONGEST_SIDE = 1280
"""In pixels; what is larger is not learnt from in more detail."""

QUALITY = 95


def encode(image: Image) -> bytes:
    """As JPEG, scaled down to the longest side."""
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", blue_first, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1])


def write_dataset(folder: Path, looked: Iterable[Looked]) -> tuple[str, ...]:
    """The labels in the order of their classes. Pictures without boxes teach what is nothing."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    found: dict[str, list[tuple[str, Box]]] = {}
    for number, each in zip(count(), looked, strict=False):
        name = f"{number:07}"
        (folder / "images" / f"{name}.jpg").write_bytes(each.seen)
        found[name] = [(label.name, box) for label in each.truth if (box := _inside(label))]
    labels = tuple(sorted({label for boxes in found.values() for label, _ in boxes}))
    for name, boxes in found.items():
        lines = "".join(_line(labels.index(label), box) for label, box in boxes)
        (folder / "labels" / f"{name}.txt").write_text(lines)
    (folder / "data.yaml").write_text(_description(folder, labels))
    return labels


def _inside(label: TrueLabel) -> Box | None:
    """What of the box lies in the picture: YOLO drops a picture with any box that does not."""
    if label.box is None:
        return None
    left, top = max(0.0, label.box.left), max(0.0, label.box.top)
    right = min(1.0, label.box.left + label.box.width)
    bottom = min(1.0, label.box.top + label.box.height)
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _line(place: int, box: Box) -> str:
    centre = (box.left + box.width / 2, box.top + box.height / 2)
    return f"{place} " + " ".join(f"{each:.6f}" for each in (*centre, box.width, box.height)) + "\n"


def _description(folder: Path, labels: Sequence[str]) -> str:
    """The classes have numbers for names: what a label says is no matter of the program's. It wants
    pictures to validate with, too, and gets those that it learns from; nothing depends on them."""
    names = {place: str(place) for place in range(len(labels))}
    told = {"path": str(folder), "train": "images", "val": "images", "names": names}
    return yaml.safe_dump(told, sort_keys=False)
