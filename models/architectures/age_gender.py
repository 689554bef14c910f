"""Age and gender: two independent pairs of networks, averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import (
    Matrix,
    fit_similarity,
    five_of_68,
    square_map,
    stack,
    to_pixels,
    warp,
)
from openrekog.models.results import Image, Judgement, Points
from openrekog.models.session import Session

# Means of the VGG face training pictures, as both pairs were trained with.
MEANS = np.array([122.782, 117.001, 104.298])[None, :, None, None]

# Five points in the chip that age-v1 and gender-v1 were trained on (an aligned face with a fifth
# of padding on each side), as shares of the chip before padding.
CHIP_POINTS = np.array(
    [[0.2255, 0.2160], [0.7548, 0.2160], [0.4901, 0.5156], [0.2541, 0.7802], [0.7261, 0.7802]]
)
CHIP_PADDING = 0.2


def chip(image: Image, landmarks: Points, size: int) -> Image:
    target = (CHIP_POINTS + CHIP_PADDING) / (1 + 2 * CHIP_PADDING) * size
    return warp(image, fit_similarity(five_of_68(to_pixels(landmarks, image)), target), size)


def portrait_map(image: Image, landmarks: Points, size: int) -> Matrix:
    """The upright square that face-api's networks read, from the eyes and the mouth."""
    five = five_of_68(to_pixels(landmarks, image))
    eyes, mouth = five[:2], five[3:].mean(axis=0)
    side = float(np.linalg.norm(eyes - mouth, axis=1).mean()) / 0.45
    centre = np.vstack([eyes, mouth]).mean(axis=0)
    centre[1] += (0.5 - 0.43) * side
    return square_map(centre, side, size)


def portrait(image: Image, landmarks: Points, size: int) -> Image:
    return warp(image, portrait_map(image, landmarks, size), size)


@dataclass(frozen=True, slots=True)
class AgeGender:
    """`chip_age` gives a probability for each of 81 ages, `chip_gender` one for female and male;
    `portrait_both` gives an age, and one for male and female."""

    chip_age: Session
    chip_gender: Session
    portrait_both: Session

    def estimate(
        self, image: Image, landmarks: Sequence[Points]
    ) -> list[tuple[float, Judgement[str]]]:
        if not landmarks:
            return []
        ages, males = self._by_chip(image, landmarks)
        other_ages, other_males = self._by_portrait(image, landmarks)
        ages, males = (ages + other_ages) / 2, (males + other_males) / 2
        return [
            (float(age), judge_gender(float(male))) for age, male in zip(ages, males, strict=True)
        ]

    def _by_chip(
        self, image: Image, landmarks: Sequence[Points]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        large = stack([chip(image, points, 64) for points in landmarks])
        small = stack([chip(image, points, 32) for points in landmarks])
        chances = run_batch(self.chip_age, (large - MEANS) / 256)[0].astype(np.float64)
        classes = np.arange(chances.shape[1], dtype=np.float64)
        classes[0] = 0.25  # the first year of a life, on average
        genders = run_batch(self.chip_gender, (small - MEANS) / 256)[0].astype(np.float64)
        return chances @ classes, genders[:, 1]

    def _by_portrait(
        self, image: Image, landmarks: Sequence[Points]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        crops = stack([portrait(image, points, 112) for points in landmarks])
        ages, genders = run_batch(self.portrait_both, (crops - MEANS) / 255)
        return ages.reshape(-1).astype(np.float64), genders[:, 0].astype(np.float64)


def judge_gender(male: float) -> Judgement[str]:
    return Judgement("Male" if male >= 0.5 else "Female", 100 * max(male, 1 - male))
