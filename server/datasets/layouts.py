"""Pictures with labels as people keep them on their disks: how a folder is laid out, and what of it
is for training and what for testing."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from openrekog.collections_store.records import DatasetType
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.results import Box

PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif"}
)

VALIDATION = "validation"

SPLITS: Mapping[str, str] = {
    "train": "TRAIN",
    "training": "TRAIN",
    "test": "TEST",
    "testing": "TEST",
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
}
"""Names of folders and files, and what part of the pictures they hold."""

REPEATED = "Named several times, and taken with all their boxes"

WORD = re.compile(r"[a-z]+")


class LayoutError(Exception):
    """The folder is no dataset that can be read; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and what is true of it; `name` is its path in the dataset, with slashes. It is
    `located` if its labels are boxes, of which there may be none."""

    path: Path
    name: str
    truth: tuple[TrueLabel, ...]
    located: bool

    def joined(self, earlier: "Sample") -> "Sample":
        """With the labels of both, each of them once."""
        return replace(self, truth=tuple(dict.fromkeys(earlier.truth + self.truth)))


@dataclass(slots=True)
class Layout:
    """`kind` says in words what was found, `remarks` what was left out."""

    kind: str
    parts: dict[DatasetType, list[Sample]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def of_splits(
        cls, kind: str, splits: Mapping[str, list[Sample]], remarks: Iterable[str] = ()
    ) -> "Layout":
        """Pictures for validation are tested with where there are no others to test with; else
        they are more to learn from, since nothing else is done with them here."""
        layout = cls(kind, remarks=list(remarks))
        filled = {name: splits[name] for name in ("TRAIN", "TEST", VALIDATION) if splits.get(name)}
        validation: DatasetType = "TRAIN" if "TEST" in filled else "TEST"
        types: dict[str, DatasetType] = {"TRAIN": "TRAIN", "TEST": "TEST", VALIDATION: validation}
        for name, samples in filled.items():
            layout.parts.setdefault(types[name], []).extend(samples)
        layout._join_repeats()
        if VALIDATION in filled:
            verb = "learnt from" if validation == "TRAIN" else "tested with"
            found = counted(len(filled[VALIDATION]))
            layout.remarks.append(f"Those for validation are {verb}: {found}.")
        return layout

    def _join_repeats(self) -> None:
        """Of a picture that several files name, all labels count, and each once."""
        for part, samples in self.parts.items():
            joined: dict[str, Sample] = {}
            repeated = set[str]()
            for each in samples:
                if each.name in joined:
                    repeated.add(each.name)
                    each = each.joined(joined[each.name])
                joined[each.name] = each
            self.parts[part] = [*joined.values()]
            if repeated:
                self.remarks.append(f"{REPEATED}: {counted(len(repeated))}.")


Reader = Callable[[Path], Layout | None]
"""Reads a folder if it is laid out in its way, and gives None if not."""


def read_layout(folder: Path, readers: Iterable[Reader]) -> Layout:
    """By the first reader that knows the layout. Raises LayoutError, or OSError."""
    if not folder.is_dir():
        raise LayoutError(f"There is no folder {folder}.")
    for reader in readers:
        layout = reader(folder)
        if layout is not None:
            return layout
    raise LayoutError(
        f"{folder} is no dataset. A dataset is\n"
        "  folders named by label, with pictures: FOLDER/daisy/1.jpg (or FOLDER/train/daisy/1.jpg);"
        "\n  COCO annotations: a JSON file with images, annotations and categories;\n"
        "  YOLO annotations: data.yaml or classes.txt, and a text file for each picture."
    )


def read_label_folders(folder: Path) -> Layout | None:
    """FOLDER/LABEL/… or FOLDER/train/LABEL/… and FOLDER/test/LABEL/…"""
    inside = [path for path in shown(folder) if path.is_dir()]
    kind = "folders named by label"
    if inside and all(path.name.lower() in SPLITS for path in inside):
        splits: dict[str, list[Sample]] = {}
        for part in inside:
            name = SPLITS[part.name.lower()]
            # What joins another part must not be called as a picture there.
            root = folder if name in splits or name == VALIDATION else part
            splits.setdefault(name, []).extend(_labelled(part, root))
        return Layout.of_splits(kind, splits) if any(splits.values()) else None
    samples = list(_labelled(folder, folder))
    if not samples:
        return None
    return Layout(kind, {"TRAIN": samples}, list(_unlabelled(folder)))


def _labelled(folder: Path, root: Path) -> Iterator[Sample]:
    """The names are paths below `root`."""
    for place in shown(folder):
        if place.is_dir():
            truth = (TrueLabel(_label_of(place)),)
            for path in pictures_in(place):
                yield Sample(path, path.relative_to(root).as_posix(), truth, located=False)


def _label_of(folder: Path) -> str:
    try:
        return folder.name.encode().decode()
    except UnicodeEncodeError as error:
        told = f"{str(folder)!a} has a name that is no UTF-8, so it names no label."
        raise LayoutError(told) from error


def _unlabelled(folder: Path) -> Iterator[str]:
    count = sum(is_picture(path) for path in shown(folder))
    if count:
        yield f"Left out, since in no folder that is named by a label: {counted(count)}."


def split_of(*names: str) -> str | None:
    """The part that the first of the names with such a word tells: instances_train2017, train."""
    for name in names:
        for word in WORD.findall(name.lower()):
            if word in SPLITS:
                return SPLITS[word]
    return None


def counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def shown(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.is_dir()


def pictures_in(folder: Path) -> Iterator[Path]:
    """At any depth, without hidden files and folders."""
    for path in shown(folder):
        if path.is_dir() and not path.is_symlink():
            yield from pictures_in(path)
        elif is_picture(path):
            yield path


def clipped(name: str, left: float, top: float, right: float, bottom: float) -> TrueLabel | None:
    """A box between ratios of the picture; None if nothing of it is in the picture, or if they are
    no numbers."""
    left, top, right, bottom = (min(max(each, 0.0), 1.0) for each in (left, top, right, bottom))
    if right > left and bottom > top:
        return TrueLabel(name, Box(left, top, right - left, bottom - top))
    return None
