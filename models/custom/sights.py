"""A training picture as a detector's learner sees it: in several views, first cell by cell, then
box by box."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom.boxes import (
    Boxes,
    all_overlaps,
    cut,
    shifts_to,
    squares,
)
from openrekog.models.custom.detector import FINE_SIDE, SIDE, rows_of, sides_of
from openrekog.models.custom.keeping import Arrays
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.proposer import Proposals, Proposer
from openrekog.models.dense import Cells, DenseFeatures
from openrekog.models.results import Box, Image

COARSE_SIDE = 416
"""The objects of a picture become as small as the least that are found, and the cells of another
stride learn of them."""

LEAST_SIZE, MOST_SIZE = 2, 8
"""A stride's cells find objects of so many of its pixels; the finest also smaller, the coarsest
also larger ones."""

CLEAR = 0.3
"""Cells nearer to an object's middle, in its sides, are neither right nor wrong."""

EMPTY_CELLS = 100
"""Of each stride and view, cells that are kept of what is no object."""

RIGHT = 0.5
"""The overlap from which on a box is right; all others are wrong."""

MOST_WRONG = 40
"""Of each further view the wrong boxes that are kept, the worthiest."""

MOVED, FARTHEST = 4, 0.08
"""So often each true box is moved by such a share of its sides (one deviation), to learn from."""
MOST_MOVED = 60


ASKED_FEATURES, ASKED_BOXES = "features asked", "boxes asked"


@dataclass(frozen=True, slots=True)
class View:
    side: int
    mirrored: bool = False


def views_of(image: Image) -> tuple[View, ...]:
    """The first is what is looked at when objects are sought."""
    other = View(FINE_SIDE) if FINE_SIDE in sides_of(image) else View(COARSE_SIDE)
    return View(SIDE), View(SIDE, mirrored=True), other


@dataclass(frozen=True, slots=True)
class Sight:
    """`truth` (objects, 4) in pixels of what was seen; `first` of the picture's first view."""

    seen: DenseFeatures
    truth: Boxes
    first: bool


def sights_of(dense: DenseExtractor, image: Image, truth: Sequence[TrueLabel]) -> Iterator[Sight]:
    for place, view in enumerate(views_of(image)):
        pixels = np.ascontiguousarray(image[:, ::-1]) if view.mirrored else image
        seen = dense.extract(pixels, view.side)
        boxes = boxes_of(truth)
        if view.mirrored:
            boxes = np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1)
        yield Sight(seen, boxes * seen.sides, first=place == 0)


def boxes_of(truth: Sequence[TrueLabel]) -> Boxes:
    """In ratios of the picture, cut at its edges."""
    return cut(np.array([_corners(each.box) for each in truth if each.box]).reshape(-1, 4), 1, 1)


def cells_seen(sight: Sight) -> Arrays:
    """For each stride the cells that are to find an object, and some that are not."""
    arrays: dict[str, NDArray[np.generic]] = {}
    coarsest = sight.seen.cells[-1].stride
    for number, cells in enumerate(sight.seen.cells):
        sizes = _Sizes(
            0 if number == 0 else LEAST_SIZE * cells.stride,
            np.inf if cells.stride == coarsest else MOST_SIZE * cells.stride,
        )
        meant = _meant(cells, sight.truth, sizes)
        empty = np.flatnonzero(meant == _NONE)
        lots = np.random.RandomState(seed=number)  # NumPy promises that its numbers never change
        chosen = np.concatenate([np.flatnonzero(meant >= 0), lots.permutation(empty)[:EMPTY_CELLS]])
        taught = _taught(cells, chosen, meant[chosen], sight.truth)
        arrays |= {f"{name} {cells.stride}": array for name, array in taught.items()}
    return arrays


def regions_seen(sight: Sight, proposer: Proposer) -> Arrays:
    """Proposed boxes, and true ones moved a little, with how far each overlaps each true one."""
    proposals = _with_moved(proposer.propose(sight.seen), sight)
    overlaps = all_overlaps(proposals.boxes, sight.truth)
    best = overlaps.max(axis=1, initial=0)
    keep = np.ones(len(best), np.bool_) if sight.first else _telling(best)
    boxes = proposals.boxes[keep]
    return {
        "features": rows_of(sight.seen, proposals.take(keep)),
        "overlaps": overlaps[keep].astype(np.float32),
        "shifts": _shifts(boxes, sight.truth, overlaps[keep]),
    }


def regions_asked(sight: Sight, proposer: Proposer) -> Arrays:
    """The boxes that are looked at when objects are sought, in ratios of the picture."""
    proposals = proposer.propose(sight.seen)
    return {
        ASKED_FEATURES: rows_of(sight.seen, proposals),
        ASKED_BOXES: (proposals.boxes / sight.seen.sides).astype(np.float32),
    }


def taught_of_asked(seen: Arrays, truth: Sequence[TrueLabel]) -> Arrays:
    """The boxes that are looked at when objects are sought, as `regions_seen` gives others."""
    boxes, there = seen[ASKED_BOXES].astype(np.float64), boxes_of(truth)
    overlaps = all_overlaps(boxes, there)
    return {
        "features": seen[ASKED_FEATURES],
        "overlaps": overlaps.astype(np.float32),
        "shifts": _shifts(boxes, there, overlaps),
    }


def is_right(seen: Arrays) -> NDArray[np.bool_]:
    """Which of the boxes are on an object."""
    return np.asarray(seen["overlaps"].astype(np.float32).max(axis=1, initial=0) >= RIGHT)


def joined(parts: Sequence[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


_NONE, _UNCLEAR = -1, -2


@dataclass(frozen=True, slots=True)
class _Sizes:
    least: float
    most: float

    def hold(self, box: NDArray[np.float64]) -> bool:
        return bool(self.least <= np.sqrt((box[2:] - box[:2]).prod()) < self.most)


def _meant(cells: Cells, truth: Boxes, sizes: _Sizes) -> NDArray[np.intp]:
    """The object that each cell is to find; of several the smallest, whose cells are few."""
    meant = np.full(len(cells.centres), _NONE)
    large_first = np.argsort(-(truth[:, 2:] - truth[:, :2]).prod(axis=1), kind="stable")
    own = [place for place in large_first if sizes.hold(truth[place])]
    for place in own:
        away = np.abs(cells.centres - (truth[place, :2] + truth[place, 2:]) / 2)
        meant[(away < CLEAR * (truth[place, 2:] - truth[place, :2])).all(axis=1)] = _UNCLEAR
    for place in own:
        away = np.abs(cells.centres - (truth[place, :2] + truth[place, 2:]) / 2)
        inside = (away < (truth[place, 2:] - truth[place, :2]) / 2).all(axis=1)
        near = inside & (away.max(axis=1) <= cells.stride)
        meant[near if near.any() else [int(away.max(axis=1).argmin())]] = place
    return meant


def _taught(
    cells: Cells, chosen: NDArray[np.intp], meant: NDArray[np.intp], truth: Boxes
) -> Arrays:
    shifts = np.zeros((len(chosen), 4), np.float32)
    right = meant >= 0
    around = squares(cells.centres[chosen[right]], cells.stride)
    shifts[right] = shifts_to(around, truth[meant[right]])
    return {"features": cells.features[chosen], "right": right, "shifts": shifts}


def _with_moved(proposals: Proposals, sight: Sight) -> Proposals:
    """A moved box's cell is that of the proposal that overlaps it most."""
    if not len(sight.truth) or not len(proposals.boxes):
        return proposals
    lots = np.random.RandomState(seed=0)
    which = lots.permutation(MOVED * len(sight.truth))[:MOST_MOVED] % len(sight.truth)
    boxes = sight.truth[which]
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    boxes = cut(boxes + FARTHEST * sides * lots.standard_normal(boxes.shape), *_size(sight))
    nearest = all_overlaps(boxes, proposals.boxes).argmax(axis=1)
    return Proposals(
        np.concatenate([proposals.boxes, boxes]),
        np.concatenate([proposals.cells, proposals.cells[nearest]]),
    )


def _size(sight: Sight) -> tuple[int, int]:
    return sight.seen.width, sight.seen.height


def _telling(overlaps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Boxes that are right, and the first wrong ones."""
    wrong = overlaps < RIGHT
    return np.asarray(~wrong | (wrong.cumsum() <= MOST_WRONG))


def _shifts(boxes: Boxes, truth: Boxes, overlaps: NDArray[np.float64]) -> NDArray[np.float32]:
    if not len(truth):
        return np.zeros((len(boxes), 4), np.float32)
    return shifts_to(boxes, truth[overlaps.argmax(axis=1)]).astype(np.float32)


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.left + box.width, box.top + box.height
