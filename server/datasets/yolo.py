"""Boxes around objects as YOLO writes them: names of classes, and a text file for each picture."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from openrekog.models.custom.labels import TrueLabel
from openrekog.server.datasets.layouts import (
    SPLITS,
    Layout,
    LayoutError,
    Sample,
    clipped,
    is_picture,
    pictures_in,
    shown,
)


@dataclass(slots=True)
class Yolo:
    """A folder with names of classes, and pictures that each have a text file of boxes."""

    folder: Path
    names: Mapping[int, str]
    annotated: int = 0
    remarks: list[str] = field(default_factory=list)

    def samples(self, places: Iterable[Path]) -> list[Sample]:
        return [self._sample(path) for place in places for path in _pictures(place)]

    def _sample(self, path: Path) -> Sample:
        file = _text_file(path)
        lines = _text(file).splitlines() if file else []
        self.annotated += file is not None
        truth = []
        for number, line in enumerate(lines, 1):
            label = _label(line, self.names) if line.strip() else None
            if label is not None:
                truth.append(label)
            elif line.strip():
                self.remarks.append(f"{file}, line {number}: no box of a known class, left out")
        return Sample(path, self._name(path), tuple(truth), located=True)

    def _name(self, path: Path) -> str:
        """data.yaml may name folders that are elsewhere."""
        path = Path(os.path.normpath(path))
        if path.is_relative_to(self.folder):
            return path.relative_to(self.folder).as_posix()
        return "/".join(path.parts[-3:])


def read_yolo(folder: Path) -> Layout | None:
    """By data.yaml, or by classes.txt beside images/ and labels/."""
    for file in shown(folder):
        if file.suffix in (".yaml", ".yml"):
            told = _yaml(file)
            if isinstance(told, dict) and "names" in told:
                return _layout(folder, file, _class_names(file, told["names"]), told)
    classes = folder / "classes.txt"
    if classes.is_file():
        names = dict(enumerate(_text(classes).split("\n")))
        return _layout(folder, classes, {n: name.strip() for n, name in names.items()}, {})
    return None


def _layout(folder: Path, file: Path, names: Mapping[int, str], told: Mapping[str, Any]) -> Layout:
    yolo = Yolo(folder, names)
    splits: dict[str, list[Sample]] = {}
    for name, places in _places(folder, told):
        splits.setdefault(name, []).extend(yolo.samples(places))
    if not yolo.annotated:
        raise LayoutError(
            f"{file} names classes, but no picture has a text file of boxes: "
            "images/1.jpg has it in labels/1.txt, or beside it."
        )
    return Layout.of_splits(f"YOLO annotations ({file.name})", splits, yolo.remarks)


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(_text(file))
    except yaml.YAMLError as error:
        raise LayoutError(f"{file} is no YAML: {error}") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LayoutError(f"{file} is no UTF-8: {error}") from error


def _class_names(file: Path, names: Any) -> Mapping[int, str]:
    try:
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(number): str(name) for number, name in pairs}
    except (TypeError, ValueError) as error:
        raise LayoutError(f"{file} has names that are no list of classes.") from error


def _places(folder: Path, told: Mapping[str, Any]) -> Iterator[tuple[str, list[Path]]]:
    """The parts that data.yaml names; else the folders in images/ that are named by part; else all
    pictures."""
    named = [key for key in told if key in SPLITS and told[key]]
    if not named:
        yield from _folders(folder / "images" if (folder / "images").is_dir() else folder)
    for key in named:
        entries = told[key] if isinstance(told[key], list) else [told[key]]
        yield SPLITS[key], [_place(folder, told, str(entry)) for entry in entries]


def _folders(images: Path) -> Iterator[tuple[str, list[Path]]]:
    named = [place for place in shown(images) if place.is_dir() and place.name.lower() in SPLITS]
    if not named:
        yield "TRAIN", [images]
    for place in named:
        yield SPLITS[place.name.lower()], [place]


def _place(folder: Path, told: Mapping[str, Any], entry: str) -> Path:
    """Relative to `path`, which is often that of another machine; or to data.yaml. Exports that
    begin with ../ mean the folder itself."""
    roots = [folder / str(told.get("path") or "."), folder]
    for root in roots:
        for name in (entry, re.sub(r"^(\.\./)+", "", entry)):
            if (root / name).exists():
                return root / name
    raise LayoutError(f"{folder} has no {entry}, which its data.yaml names.")


def _pictures(place: Path) -> Iterator[Path]:
    """Of a folder, or as a text file lists them."""
    if place.is_dir():
        yield from pictures_in(place)
        return
    for line in _text(place).splitlines():
        path = place.parent / line.strip()
        if line.strip() and is_picture(path):
            yield path


def _text_file(path: Path) -> Path | None:
    """images/…/1.jpg has its boxes in labels/…/1.txt, or in 1.txt beside it."""
    parts = list(path.parts)
    candidates = [path.with_suffix(".txt")]
    if "images" in parts[:-1]:
        place = len(parts) - 1 - parts[::-1].index("images")
        parts[place] = "labels"
        candidates.insert(0, Path(*parts).with_suffix(".txt"))
    return next((each for each in candidates if each.is_file()), None)


def _label(line: str, names: Mapping[int, str]) -> TrueLabel | None:
    """A class and the middle, width and height of a box, or the corners of an outline; a fifth
    number is a confidence."""
    try:
        number, *values = (float(word) for word in line.split())
        name = names.get(int(number))
    except (ValueError, OverflowError):  # inf, and nan, are read as floats
        return None
    if not name or len(values) < 4:
        return None
    if len(values) <= 5:
        x, y, width, height = values[:4]
        return clipped(name, x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    across, down = values[::2], values[1::2]
    return clipped(name, min(across), min(down), max(across), max(down))
