"""The first of a detector's two stages: boxes of a picture that may hold one of the objects that it
was taught, whichever. A linear head on each stride's cells says which are worth a closer look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.boxes import (
    Boxes,
    all_overlaps,
    cut,
    large_enough,
    shifted,
    squares,
)
from openrekog.models.custom.linear import Linear, Numbers
from openrekog.models.dense import Cells, DenseFeatures, DenseShape
from openrekog.models.geometry import suppress

TAUGHT, STRIKING = 60, 40
"""Boxes by what was learnt, and by what the network takes for an object of any kind: the first find
what it was never shown, the second what few examples could not tell."""

NEAR = 0.7
"""Boxes that overlap so far are one."""

CELLS = 300
"""Of each stride, the cells whose boxes are drawn."""

OUTPUTS = 5
"""The log-odds that a cell is worth it, and the shift of its square to the object's box."""

NEVER = -10.0


@dataclass(frozen=True, slots=True)
class Proposals:
    """Boxes (n, 4) in pixels of the picture as the network saw it, and what was seen at the cell
    that proposed each (n, 1 + numbers of a cell): how worthy it is, and its features."""

    boxes: Boxes
    cells: Numbers

    def take(self, which: Sequence[int] | NDArray[np.bool_]) -> "Proposals":
        return Proposals(self.boxes[which], self.cells[which])


@dataclass(frozen=True, slots=True)
class Proposer:
    """A head for each stride, of OUTPUTS."""

    heads: Mapping[int, Linear]

    def propose(self, seen: DenseFeatures) -> Proposals:
        told = [self.heads[cells.stride](cells.features) for cells in seen.cells]
        pairs = list(zip(seen.cells, told, strict=True))
        taught = _best(seen, [_taught(*pair) for pair in pairs], TAUGHT)
        striking = _best(seen, [_striking(*pair) for pair in pairs], STRIKING)
        overlaps = all_overlaps(striking.boxes, taught.boxes).max(axis=1, initial=0)
        others = striking.take(overlaps < NEAR)
        return Proposals(
            np.concatenate([taught.boxes, others.boxes]),
            np.concatenate([taught.cells, others.cells]),
        )

    def weights(self) -> Mapping[str, Numbers]:
        return {
            f"cell_{what}_{stride}": array
            for stride, head in self.heads.items()
            for what, array in (("weights", head.weights), ("bias", head.bias))
        }

    @classmethod
    def of(cls, weights: Mapping[str, Numbers], strides: tuple[int, ...]) -> "Proposer":
        return cls(
            {
                stride: Linear(weights[f"cell_weights_{stride}"], weights[f"cell_bias_{stride}"])
                for stride in strides
            }
        )


def weight_shapes(shape: DenseShape) -> Mapping[str, tuple[int, ...]]:
    return {f"cell_weights_{stride}": (shape.numbers, OUTPUTS) for stride in shape.strides} | {
        f"cell_bias_{stride}": (OUTPUTS,) for stride in shape.strides
    }


@dataclass(frozen=True, slots=True)
class _Ranked:
    proposals: Proposals
    scores: Numbers


def _taught(cells: Cells, told: Numbers) -> _Ranked:
    """Of the worthiest cells the box that was learnt, and at once after it the network's own."""
    worth = told[:, 0]
    best = np.argsort(-worth, kind="stable")[: CELLS if worth.max(initial=NEVER) > NEVER else 0]
    drawn = shifted(squares(cells.centres[best], cells.stride), told[best, 1:])
    rows = np.column_stack([worth, cells.features])[best]
    return _Ranked(
        Proposals(np.concatenate([drawn, cells.boxes[best]]), np.concatenate([rows, rows])),
        np.concatenate([worth[best], worth[best] - np.float32(0.01)]),
    )


def _striking(cells: Cells, told: Numbers) -> _Ranked:
    best = np.argsort(-cells.objectness, kind="stable")[:CELLS]
    rows = np.column_stack([told[:, 0], cells.features])[best]
    return _Ranked(
        Proposals(np.asarray(cells.boxes[best], np.float64), rows), cells.objectness[best]
    )


def _best(seen: DenseFeatures, ranked: list[_Ranked], most: int) -> Proposals:
    boxes = np.concatenate([each.proposals.boxes for each in ranked])
    rows = np.concatenate([each.proposals.cells for each in ranked])
    scores = np.concatenate([each.scores for each in ranked])
    boxes = cut(boxes, seen.width, seen.height)
    usable = large_enough(boxes)
    boxes, rows, scores = boxes[usable], rows[usable], scores[usable]
    return Proposals(boxes, rows).take(suppress(boxes, scores, NEAR, most))
