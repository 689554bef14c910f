"""How much of the text in photographs is found, and read right, word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from benchmarks.tables import percent, table
from openrekog.models.geometry import to_pixels
from openrekog.models.loaded import Models
from openrekog.models.results import Image, TextWord

MARKS = "text/gt_*.txt"
UNREADABLE = "###"
LEAST_OVERLAP = 0.5
SURENESS = (0, 50, 80, 90, 99, 100.1)
API_DEFAULT = 80.0

Corners = NDArray[np.float32]
"""Four corners in pixels, shape (4, 2)."""


@dataclass(frozen=True, slots=True)
class Mark:
    corners: Corners
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word that was found: whether a marked word stands there, and whether it says so."""

    confidence: float
    placed: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Words that are marked, and what was made of them."""

    marked: int
    verdicts: Sequence[Verdict]

    def row(self, title: str, least: float) -> tuple[str, ...]:
        kept = [verdict for verdict in self.verdicts if verdict.confidence >= least]
        placed = sum(verdict.placed for verdict in kept)
        right = sum(verdict.right for verdict in kept)
        shares = (
            (placed, self.marked),
            (placed, len(kept)),
            (right, self.marked),
            (right, len(kept)),
        )
        return title, *(percent(part / max(whole, 1), 1) for part, whole in shares)


def measure_text(folder: Path, models: Models) -> str:
    photographs = list(_photographs(folder))
    start = process_time()
    found = [models.text.read([image])[0] for image, _ in photographs]
    seconds = (process_time() - start) / len(photographs)
    verdicts = [
        verdict
        for (image, marks), lines in zip(photographs, found, strict=True)
        for verdict in judge(image, marks, [word for line in lines for word in line.words])
    ]
    marked = sum(mark.text != UNREADABLE for _, marks in photographs for mark in marks)
    tally = Tally(marked, verdicts)
    header = ("Words", "detection recall", "precision", "end-to-end recall", "end-to-end precision")
    rows = [tally.row("all", 0), tally.row("Confidence ≥ 80, the API's default", API_DEFAULT)]
    return (
        f"{len(photographs)} photographs, {marked} readable words; {1000 * seconds:.0f} ms of CPU "
        f"a photograph.\n\n{table(header, rows)}\n\n{_confidences(verdicts)}"
    )


def judge(image: Image, marks: Sequence[Mark], words: Sequence[TextWord]) -> list[Verdict]:
    """Each word found, but for those that stand where nobody can read."""
    free = [mark for mark in marks if mark.text != UNREADABLE]
    ignored = [mark.corners for mark in marks if mark.text == UNREADABLE]
    verdicts = []
    for word in words:
        corners = to_pixels(word.polygon, image).astype(np.float32)
        best = max(free, key=lambda mark: overlap(corners, mark.corners), default=None)
        if best is not None and overlap(corners, best.corners) >= LEAST_OVERLAP:
            free = [mark for mark in free if mark is not best]
            verdicts.append(Verdict(word.confidence, True, plain(word.text) == plain(best.text)))
        elif not any(_shared(corners, area) >= _area(corners) / 2 for area in ignored):
            verdicts.append(Verdict(word.confidence, False, False))
    return verdicts


def plain(text: str) -> str:
    """Without case and punctuation."""
    return re.sub(r"[\W_]", "", text).lower()


def overlap(one: Corners, other: Corners) -> float:
    """Intersection over union."""
    shared = _shared(one, other)
    return shared / max(_area(one) + _area(other) - shared, 1e-9)


def _shared(one: Corners, other: Corners) -> float:
    return float(cv2.intersectConvexConvex(cv2.convexHull(one), cv2.convexHull(other))[0])


def _area(corners: Corners) -> float:
    return float(cv2.contourArea(cv2.convexHull(corners)))


def _confidences(verdicts: Sequence[Verdict]) -> str:
    rows = []
    for low, high in pairwise(SURENESS):
        own = [verdict.right for verdict in verdicts if low <= verdict.confidence < high]
        rows.append(
            (f"{low} to {high:.0f}", len(own), percent(float(np.mean(own)), 0) if own else "")
        )
    return table(("Confidence", "words", "right"), rows)


def _photographs(folder: Path) -> Iterator[tuple[Image, list[Mark]]]:
    """`gt_NAME.txt` marks the words of NAME.jpg."""
    for path in sorted(folder.glob(MARKS)):
        name = f"{path.stem.removeprefix('gt_')}.jpg"
        with PIL.Image.open(path.with_name(name)) as picture:
            image = np.asarray(picture.convert("RGB"))
        yield image, [_mark(line) for line in path.read_text("utf-8-sig").splitlines() if line]


def _mark(line: str) -> Mark:
    """x1,y1 to x4,y4 and the text, which may hold commas."""
    *numbers, text = line.split(",", 8)
    return Mark(np.array(numbers, np.float32).reshape(4, 2), text)
