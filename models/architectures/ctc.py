"""Lines of text read by a recogniser of PaddleOCR with CTC (Graves et al. 2006): for each step
along the line a character or nothing."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import BATCH_SIZES, cut
from openrekog.models.geometry import to_pixels
from openrekog.models.quadrilaterals import Quadrilateral, cut_out, sides
from openrekog.models.results import Character, Image, Points, Reading
from openrekog.models.session import Session

HEIGHT = 48
WIDTHS = (160, 320, 480, 640, 960, 1280, 1920, 2560)
"""Input widths; a line is padded to the next one, and squeezed beyond the last."""

BLANK = 0


class CtcRecogniser:
    """Reads BGR from -1 to 1, 48 pixels high; the graph gives the best class of each step and its
    chance. `characters` names the classes."""

    def __init__(self, session: Session, characters: Sequence[str]) -> None:
        self._session = session
        self._characters = characters
        (self._input,) = session.inputs

    def recognise(self, image: Image, lines: Sequence[Points]) -> list[Reading]:
        corners = [to_pixels(line, image).astype(np.float32) for line in lines]
        readings = [Reading()] * len(lines)
        for width, which in _by_width(corners):
            for start, size in cut(len(which), BATCH_SIZES[0]):
                batch = which[start : start + size]
                found = self._read(image, [corners[index] for index in batch], width)
                for index, reading in zip(batch, found, strict=True):
                    readings[index] = reading
        return readings

    def _read(self, image: Image, lines: Sequence[Quadrilateral], width: int) -> Iterator[Reading]:
        widths = [min(width, own_width(line)) for line in lines]
        pixels = np.zeros((len(lines), 3, HEIGHT, width), np.float32)
        for row, line, own in zip(pixels, lines, widths, strict=True):
            row[:, :, :own] = _pixels(cut_out(image, line, own, HEIGHT))
        classes, chances = self._session.run({self._input: pixels})
        for own, best, chance in zip(widths, classes, chances, strict=True):
            yield self._decode(best[:, 0], chance[:, 0], width / own / len(best))

    def _decode(
        self, classes: NDArray[np.int64], chances: NDArray[np.float32], step: float
    ) -> Reading:
        """`step` is the length of a step in shares of the line."""
        first = np.flatnonzero((classes != BLANK) & (np.diff(classes, prepend=BLANK) != 0))
        if not len(first):
            return Reading()
        centres = np.minimum((first + 0.5) * step, 1.0)
        starts, ends = _extents(centres)
        texts = [self._characters[index] for index in classes[first]]
        values = zip(texts, chances[first].tolist(), starts.tolist(), ends.tolist(), strict=True)
        return Reading(tuple(Character(*value) for value in values))


def own_width(line: Quadrilateral) -> int:
    """The width of a line when it is as high as the input."""
    width, height = sides(line)
    return max(8, int(np.ceil(HEIGHT * width / max(height, 1e-6))))


def _by_width(lines: Sequence[Quadrilateral]) -> Iterator[tuple[int, list[int]]]:
    """Indices of the lines that go through each input width."""
    buckets: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        own = own_width(line)
        buckets.setdefault(next((w for w in WIDTHS if w >= own), WIDTHS[-1]), []).append(index)
    yield from sorted(buckets.items())


def _pixels(crop: Image) -> NDArray[np.float32]:
    return crop[:, :, ::-1].transpose(2, 0, 1) * np.float32(1 / 127.5) - np.float32(1)


def _extents(centres: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where characters begin and end: half way to their neighbours, at the ends half a middle
    width. CTC says where a character is seen, not how wide it is."""
    middles = (centres[1:] + centres[:-1]) / 2
    half = float(np.median(np.diff(centres))) / 2 if len(centres) > 1 else 0.5
    starts = np.concatenate([[centres[0] - half], middles])
    ends = np.concatenate([middles, [centres[-1] + half]])
    return np.clip(starts, 0, 1), np.clip(ends, 0, 1)
