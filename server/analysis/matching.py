"""Which predictions agree with the truth: by name, or for objects by name and place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Box

LEAST_OVERLAP = 0.5
"""Intersection over union at which a box counts as found, as in PASCAL VOC and COCO's AP50."""


@dataclass(frozen=True, slots=True)
class PredictedPicture:
    """What is true of a picture that a model was tested with, and what the model says of it."""

    truth: Sequence[TrueLabel]
    predictions: Sequence[CustomLabel]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0..1."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    union = one.area + other.area - shared
    return shared / union if union > 0 else 0.0


def expected(picture: PredictedPicture, *, located: bool) -> dict[int, TrueLabel]:
    """What is to be found, by place in the truth: each label once, or with `located` each box."""
    there = enumerate(picture.truth)
    if located:
        return {place: label for place, label in there if label.box is not None}
    names = [label.name for label in picture.truth]
    return {place: label for place, label in there if label.name not in names[:place]}


def matches(picture: PredictedPicture, *, located: bool) -> list[int | None]:
    """Of each prediction which of the truth it is, however confident it is; None if it is wrong."""
    there = expected(picture, located=located)
    if located:
        return _box_matches(picture.predictions, there)
    places = {label.name: place for place, label in there.items()}
    return [places.get(each.name) for each in picture.predictions]


def _box_matches(
    predictions: Sequence[CustomLabel], free: dict[int, TrueLabel]
) -> list[int | None]:
    """The most confident choose first, each the free true box that it overlaps most: a second box
    of one object is wrong. Since the less confident never take from those before, what is right
    does not depend on a threshold."""
    found: list[int | None] = [None] * len(predictions)
    for index in sorted(range(len(found)), key=lambda i: -predictions[i].confidence):
        place = _nearest(predictions[index], free)
        if place is not None:
            found[index] = place
            del free[place]
    return found


def _nearest(prediction: CustomLabel, free: Mapping[int, TrueLabel]) -> int | None:
    shares = [
        (overlap(prediction.box, label.box), -place)
        for place, label in free.items()
        if prediction.box and label.box and label.name == prediction.name
    ]
    share, place = max(shares, default=(0.0, 0))
    return -place if share >= LEAST_OVERLAP else None
