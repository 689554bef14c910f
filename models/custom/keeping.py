"""What is kept of a training picture: of many pictures no more rows than are learnt from, and
features in 256 levels."""

import io
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]

FEATURES = "features"
LOW, STEP = "low of ", "step of "

LEVELS = 255
"""Between the least and the most that a number is in the picture: a level is a fortieth of what its
values in the picture usually differ by (one deviation)."""

WRONG_OF, RIGHT_OF, EXAMINED_OF = 120, 420, 120
"""So many pictures have more wrong boxes than are learnt from; more right ones, even if there is
one object in each, with its 12 moved boxes; and are enough to learn confidence on."""


def is_examined(pictures: int, lots: np.random.RandomState) -> bool:
    """Whether it is drawn, of so many pictures, to learn confidence on."""
    return bool(lots.random_sample() < EXAMINED_OF / pictures)


def thinned(
    seen: Arrays, right: NDArray[np.bool_], pictures: int, lots: np.random.RandomState
) -> Arrays:
    """The rows that are kept of one of so many pictures, each drawn by lot."""
    chances = np.where(right, RIGHT_OF, WRONG_OF) / pictures
    stays = lots.random_sample(len(right)) < chances
    return {name: column[stays] for name, column in seen.items()}


def pack(arrays: Arrays) -> bytes:
    """Arrays whose name begins with FEATURES are (rows, numbers)."""
    stream = io.BytesIO()
    kept: dict[str, NDArray[np.generic]] = {}
    for name, array in arrays.items():
        kept |= _levels(name, array) if name.startswith(FEATURES) else {name: array}
    np.savez(stream, allow_pickle=False, **kept)
    return stream.getvalue()


def unpack(seen: bytes) -> Arrays:
    with np.load(io.BytesIO(seen), allow_pickle=False) as arrays:
        return dict(_numbers(dict(arrays)))


def _levels(name: str, array: NDArray[np.generic]) -> Arrays:
    rows = array.astype(np.float32)
    low = rows.min(axis=0) if len(rows) else np.zeros(rows.shape[1], np.float32)
    step = np.ptp(rows, axis=0) / np.float32(LEVELS) if len(rows) else low
    levels = np.rint((rows - low) / np.where(step > 0, step, 1)).astype(np.uint8)
    return {name: levels, LOW + name: low, STEP + name: step}


def _numbers(arrays: Arrays) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """In half precision, which is finer than the levels."""
    for name, array in arrays.items():
        if name.startswith(FEATURES):
            low, step = (arrays[which + name].astype(np.float32) for which in (LOW, STEP))
            yield name, (array.astype(np.float32) * step + low).astype(np.float16)
        elif not name.startswith((LOW, STEP)):
            yield name, array
