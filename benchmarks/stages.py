"""Films of people who were cut out of photographs and move over other photographs as a script has
it, so that it is known where everybody is in every frame."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Box, Image

RATE = 10
WIDTH, HEIGHT = 640, 360

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cutout:
    """Somebody: `shape` are the pixels that are theirs, `looked_for` those that an analysis is
    meant to find, as the face of a portrait."""

    picture: Image
    shape: Mask
    looked_for: Mask


@dataclass(frozen=True, slots=True)
class Walk:
    """From one place to another, each the middle, the bottom, and the height as ratios of the
    frame; from one second of the scene to another. Nobody's walk is a thing in the way."""

    who: str
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    during: tuple[float, float]

    def place(self, second: float) -> NDArray[np.float64] | None:
        begun, over = self.during
        if not begun <= second < over:
            return None
        share = (second - begun) / (over - begun)
        return np.array(self.start) * (1 - share) + np.array(self.end) * share


@dataclass(frozen=True, slots=True)
class Scene:
    """Between two cuts: later walks are in front. `pan` is how far the background moves in a
    second, in its own widths; at `flash` it is bright for a frame; for the seconds of `dissolve` it
    is laid over the end of the scene before."""

    background: Image
    seconds: float
    walks: Sequence[Walk]
    pan: float = 0.0
    flash: float | None = None
    dissolve: float = 0.0


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody in a frame: the box around what is seen of them, and how much that is, 0..1."""

    who: str
    scene: int
    box: Box
    visible: float


Filmed = tuple[Image, list[Shown]]
"""A frame, and who is in it."""


def played(scenes: Sequence[Scene], people: Mapping[str, Cutout]) -> Iterator[Filmed]:
    """Every frame, and who is in it."""
    before: list[Filmed] = []
    for number, scene in enumerate(scenes):
        steps = range(round(scene.seconds * RATE))
        frames = [_frame(number, scene, step / RATE, people) for step in steps]
        shared = round(scene.dissolve * RATE)
        yield from before[: len(before) - shared]
        for turn in range(shared):
            share = (turn + 1) / (shared + 1)
            frames[turn] = _mixed(before[turn - shared], frames[turn], share)
        before = frames
    yield from before


def _mixed(one: Filmed, other: Filmed, share: float) -> Filmed:
    """Whoever is of the fainter picture need not be found."""
    picture = cv2.addWeighted(one[0], 1 - share, other[0], share, 0)
    shown = [
        replace(each, visible=each.visible * max(0.0, 2 * weight - 1))
        for (_, people), weight in ((one, 1 - share), (other, share))
        for each in people
    ]
    return np.asarray(picture, np.uint8), shown


def _frame(
    number: int, scene: Scene, second: float, people: Mapping[str, Cutout]
) -> tuple[Image, list[Shown]]:
    picture = _background(scene, second)
    owners = np.zeros((HEIGHT, WIDTH), np.int32)
    wholes: dict[int, tuple[str, int]] = {}
    for turn, walk in enumerate(scene.walks, 1):
        place = walk.place(second)
        if place is not None:
            wholes[turn] = (walk.who, _paste(people[walk.who], place, picture, owners, turn))
    shown = [
        Shown(who, number, _box(mine), float(mine.sum() / whole))
        for turn, (who, whole) in wholes.items()
        for mine in [owners == turn]
        if who and mine.any()
    ]
    if scene.flash is not None and round(scene.flash * RATE) == round(second * RATE):
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=1.0, beta=110), np.uint8)
    return picture, shown


def _background(scene: Scene, second: float) -> Image:
    wide = cv2.resize(scene.background, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    shift = round(scene.pan * second * 2 * WIDTH) % (2 * WIDTH)
    return np.ascontiguousarray(np.roll(wide, -shift, axis=1)[:, :WIDTH])


def _paste(
    cutout: Cutout, place: NDArray[np.float64], picture: Image, owners: NDArray[np.int32], turn: int
) -> int:
    """Draws somebody, and says how many pixels of theirs are looked for, hidden ones included."""
    middle, bottom, tall = place
    height = max(2, round(tall * HEIGHT))
    width = max(2, round(height * cutout.picture.shape[1] / cutout.picture.shape[0]))
    left, top = round(middle * WIDTH - width / 2), round(bottom * HEIGHT) - height
    small = cv2.resize(cutout.picture, (width, height), interpolation=cv2.INTER_AREA)
    shape, wanted = (_scaled(mask, width, height) for mask in (cutout.shape, cutout.looked_for))
    rows, columns = _inside(top, height, HEIGHT), _inside(left, width, WIDTH)
    ours = np.ix_(rows - top, columns - left)
    drawn, looked_for = shape[ours], wanted[ours]
    there = np.ix_(rows, columns)
    picture[there] = np.where(drawn[..., None], small[ours], picture[there])
    owners[there] = np.where(looked_for, turn, np.where(drawn, 0, owners[there]))
    return int(wanted.sum())


def _scaled(mask: Mask, width: int, height: int) -> Mask:
    scaled = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled >= 0.5)


def _inside(begin: int, length: int, most: int) -> NDArray[np.int64]:
    return np.arange(max(0, begin), max(0, min(most, begin + length)))


def _box(mine: Mask) -> Box:
    rows, columns = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
    left, top = columns[0] / WIDTH, rows[0] / HEIGHT
    width, height = (columns[-1] + 1) / WIDTH - left, (rows[-1] + 1) / HEIGHT - top
    return Box(left=float(left), top=float(top), width=float(width), height=float(height))
