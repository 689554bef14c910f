"""Which predictions agree with the truth: by name, or for objects by name and place."""

from collections.abc import Sequence
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


def true_labels(picture: PredictedPicture, *, located: bool) -> list[str]:
    """The labels that are to be found: each once, or with `located` once for each box."""
    if located:
        return [label.name for label in picture.truth if label.box is not None]
    return list(dict.fromkeys(label.name for label in picture.truth))


def present(picture: PredictedPicture, *, located: bool) -> list[bool]:
    """Of each prediction whether it is true, however confident it is."""
    if located:
        return _boxes_present(picture)
    names = {label.name for label in picture.truth}
    return [each.name in names for each in picture.predictions]


def _boxes_present(picture: PredictedPicture) -> list[bool]:
    """The most confident choose first, each the free true box that it overlaps most: a second box
    of one object is wrong. Since the less confident never take from those before, what is right
    does not depend on a threshold."""
    free = [label for label in picture.truth if label.box is not None]
    found = [False] * len(picture.predictions)
    for index in sorted(range(len(found)), key=lambda i: -picture.predictions[i].confidence):
        taken = _nearest(picture.predictions[index], free)
        if taken is not None:
            found[index] = True
            del free[taken]
    return found


def _nearest(prediction: CustomLabel, free: Sequence[TrueLabel]) -> int | None:
    shares = [
        (overlap(prediction.box, label.box), -index)
        for index, label in enumerate(free)
        if prediction.box and label.box and label.name == prediction.name
    ]
    share, index = max(shares, default=(0.0, 0))
    return -index if share >= LEAST_OVERLAP else None
