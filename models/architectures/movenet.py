"""MoveNet: 17 points of one person's body, from a square picture of that person.

The four maps of its heads become points as in the graph that Google published: the person is
where `centre` is highest, weighed by nearness to the middle; `steps` lead from there to a first
guess of each point; the point is the cell where its map is highest, weighed by nearness to that
guess, moved by `offsets` within the cell.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import (
    Matrix,
    box_square,
    invert,
    square_map,
    stack,
    to_ratios,
    transform,
    warp,
)
from openrekog.models.results import Body, Box, Image
from openrekog.models.session import Session

POINTS = 17

# Side of the square in longer sides of the person's box: it was trained on pictures with some room
# around the person.
ROOM = 1.25

# A cell at a distance of d cells weighs 1 / (d + 1.8), in the published graph.
NEAR = 1.8

Maps = NDArray[np.float32]
Cells = NDArray[np.float64]


class MoveNet:
    """Thunder (256 pixels) or Lightning (192), which differ in width and in the picture's side."""

    def __init__(self, session: Session) -> None:
        self._session = session
        ((*_, side),) = session.inputs.values()
        if not isinstance(side, int):
            raise ValueError(f"{session.name} takes pictures of any size")
        self._side = side

    def estimate(self, image: Image, persons: Sequence[Box]) -> list[Body]:
        """Not only the person of the box may stand in its square: the one in its middle is meant,
        which of two that overlap may be the other."""
        if not persons:
            return []
        maps = [self._map(image, person) for person in persons]
        crops = stack([warp(image, matrix, self._side) for matrix in maps])
        places, scores = find_points(*run_batch(self._session, crops / 127.5 - 1))
        return [self._body(image, *found) for found in zip(maps, places, scores, strict=True)]

    def _map(self, image: Image, person: Box) -> Matrix:
        centre, longer = box_square(person, image)
        return square_map(centre, ROOM * longer, self._side)

    def _body(
        self, image: Image, matrix: Matrix, places: Cells, scores: NDArray[np.float64]
    ) -> Body:
        # Places count from the crop's edge, the map from the middle of its first pixel.
        points = transform(places * self._side - 0.5, invert(matrix)) + 0.5
        return Body(points=to_ratios(points, image), scores=scores)


def find_points(
    points: Maps, centre: Maps, steps: Maps, offsets: Maps
) -> tuple[Cells, NDArray[np.float64]]:
    """Places as x and y in sides of the picture, (n, 17, 2), and scores, (n, 17), out of maps of
    (n, channels, side, side); channels of steps and offsets are y and x of each point in turn."""
    count, _, side, _ = points.shape
    grid = np.indices((side, side)).astype(np.float64)
    middle = _highest(centre * _nearness(grid, np.full((count, 1, 2), side / 2)))
    guesses = middle + _read(steps.reshape(count, POINTS, 2, side, side), middle)
    cells = _highest(points * _nearness(grid, guesses))
    places = cells + _read(offsets.reshape(count, POINTS, 2, side, side), cells)
    scores = _read(points[:, :, None], cells)[..., 0]
    return places[..., ::-1] / side, scores


def _nearness(grid: NDArray[np.float64], places: Cells) -> NDArray[np.float64]:
    """What each cell weighs, (n, k, side, side), by its distance from each of (n, k, 2) places."""
    apart = grid - places[..., None, None]
    return np.asarray(1 / (np.hypot(apart[:, :, 0], apart[:, :, 1]) + NEAR))


def _highest(maps: NDArray[np.floating]) -> Cells:
    """Row and column of the highest cell of each map."""
    best = maps.reshape(*maps.shape[:2], -1).argmax(axis=-1)
    return np.stack(np.divmod(best, maps.shape[-1]), axis=-1).astype(np.float64)


def _read(maps: Maps, cells: Cells) -> Cells:
    """The values of maps (n, k, values, side, side) at one cell for each, (n, k or 1, 2)."""
    rows, columns = np.broadcast_to(cells, (*maps.shape[:2], 2)).astype(int).transpose(2, 0, 1)
    first, second = np.ogrid[: maps.shape[0], : maps.shape[1]]
    return maps[first, second, :, rows, columns].astype(np.float64)
