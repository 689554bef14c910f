"""The scripts of the films on which it is measured whether people keep their indexes."""

from collections.abc import Sequence

import numpy as np

from benchmarks.stages import Scene, Walk
from openrekog.models.results import Image

POST = ""
"""What stands in the way."""

Act = Sequence[Scene]
"""Scenes with cuts between them."""


def still(who: str, x: float, bottom: float, tall: float, seconds: float) -> Walk:
    return Walk(who, (x, bottom, tall), (x, bottom, tall), (0, seconds))


def across(who: str, begin: float, end: float, bottom: float, tall: float, seconds: float) -> Walk:
    return Walk(who, (begin, bottom, tall), (end, bottom, tall), (0, seconds))


def acts(places: Sequence[Image], cast: Sequence[str], tall: float) -> dict[str, Act]:
    """The same for persons and for faces: `cast` are six people, `tall` is their height."""
    one, two, three, four, five, six = cast
    low, high = 0.5 + tall / 2, 0.45 + tall / 2
    platform, street, bathroom, kitchen = places
    return {
        "two walk across each other": [
            Scene(
                platform,
                4,
                [across(one, 0.1, 0.9, high, tall, 4), across(two, 0.9, 0.1, low, tall, 4)],
            )
        ],
        "three walk across each other": [
            Scene(
                street,
                4,
                [
                    across(four, 0.15, 0.85, high, 0.9 * tall, 4),
                    across(three, 0.5, 0.55, high, tall, 4),
                    across(five, 0.85, 0.1, low, tall, 4),
                ],
            )
        ],
        "behind a post": [
            Scene(
                kitchen,
                4,
                [across(one, 0.1, 0.9, high, tall, 4), still(POST, 0.5, 1.0, 1.0, 4)],
            )
        ],
        "one turns back behind another": [
            Scene(
                platform,
                4,
                [
                    Walk(two, (0.1, high, tall), (0.5, high, tall), (0, 2)),
                    Walk(two, (0.5, high, tall), (0.1, high, tall), (2, 4)),
                    still(three, 0.5, low, tall, 4),
                ],
            )
        ],
        "a cut to others in the same places": [
            Scene(platform, 2, [still(one, 0.3, low, tall, 2), still(two, 0.7, low, tall, 2)]),
            Scene(street, 2, [still(four, 0.31, low, tall, 2), still(three, 0.69, low, tall, 2)]),
        ],
        "a dissolve to others in the same places": [
            Scene(platform, 3, [still(one, 0.3, low, tall, 3), still(two, 0.7, low, tall, 3)]),
            Scene(
                street,
                3,
                [still(four, 0.31, low, tall, 3), still(three, 0.69, low, tall, 3)],
                dissolve=1.2,
            ),
        ],
        "a slow dissolve within a walk": [
            Scene(platform, 3, [across(five, 0.2, 0.5, low, tall, 3)]),
            Scene(kitchen, 4, [across(two, 0.45, 0.8, low, tall, 4)], dissolve=2.0),
        ],
        "a fade through black": [
            Scene(platform, 3, [still(one, 0.5, low, tall, 3)]),
            Scene(np.zeros_like(platform), 2.0, [], dissolve=0.8),
            Scene(street, 3, [still(four, 0.5, low, tall, 3)], dissolve=0.8),
        ],
        "cuts to and fro in one room": [
            Scene(bathroom, 2, [still(six, 0.5, low, tall, 2)]),
            Scene(np.ascontiguousarray(bathroom[:, ::-1]), 1, [still(three, 0.5, low, tall, 1)]),
            Scene(bathroom, 2, [still(six, 0.5, low, tall, 2)]),
        ],
        "a cut within a walk": [
            Scene(platform, 2, [across(five, 0.2, 0.5, low, tall, 2)]),
            Scene(kitchen, 2, [across(two, 0.5, 0.8, low, tall, 2)]),
        ],
        "the camera pans": [
            Scene(
                street,
                3,
                [still(one, 0.35, low, tall, 3), across(two, 0.8, 0.6, low, tall, 3)],
                pan=0.15,
            )
        ],
        "a flash": [
            Scene(
                platform,
                3,
                [still(four, 0.3, low, tall, 3), across(two, 0.6, 0.8, low, tall, 3)],
                flash=1.6,
            )
        ],
    }
