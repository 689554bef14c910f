"""Plane geometry of face pictures: fitted transforms, crops that do not alias, box suppression."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Box, Image, Points

Matrix = NDArray[np.float64]
"""A 2 x 3 affine map from picture pixels to crop pixels."""

# The alignment target of the ArcFace family, in a crop of 112 pixels: the eye at the left, the eye
# at the right, nose tip, mouth corner at the left and at the right.
ARCFACE_SIZE = 112
ARCFACE_POINTS = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    dtype=np.float64,
)


def fit_similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> Matrix:
    """Rotation, one scale and a shift that bring source nearest to target (Umeyama 1991)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    covariance = (target - target_mean).T @ centred / len(source)
    left, singular, right = np.linalg.svd(covariance)
    # A reflection would turn a face inside out.
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(signs) @ right
    variance = float((centred**2).sum() / len(source))
    scale = float(singular @ signs) / variance if variance > 0 else 1.0
    matrix = np.empty((2, 3))
    matrix[:, :2] = scale * rotation
    matrix[:, 2] = target_mean - scale * rotation @ source_mean
    return matrix


def square_map(centre: NDArray[np.floating], side: float, size: int, roll: float = 0) -> Matrix:
    """The map of a square, turned clockwise by roll degrees, to a crop of size pixels."""
    scale = size / max(side, 1e-6)
    angle = np.deg2rad(roll)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])
    # The same half-pixel shift that a resize makes: centre of the square to centre of the crop.
    matrix[:, 2] = (size - 1) / 2 - matrix[:, :2] @ (centre - 0.5)
    return matrix


def invert(matrix: Matrix) -> Matrix:
    return np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)


def transform(points: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)


def warp(image: Image, matrix: Matrix, width: int, height: int | None = None) -> Image:
    """The crop that matrix describes; what lies outside of the picture is black."""
    height = width if height is None else height
    if np.sqrt(abs(np.linalg.det(matrix[:, :2]))) < 0.5:
        image, matrix = _shrink(image, matrix, width, height)
    crop = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, dtype=np.uint8)


def _shrink(image: Image, matrix: Matrix, width: int, height: int) -> tuple[Image, Matrix]:
    """The part of the picture that the crop needs, averaged down.

    A linear warp reads four pixels for one; a face of 2,000 pixels would alias.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    corners = np.array([[-1, -1], [width, -1], [width, height], [-1, height]], dtype=np.float64)
    found = transform(corners, invert(matrix))
    left, top = np.clip(np.floor(found.min(axis=0)), 0, None).astype(int)
    right, bottom = np.ceil(found.max(axis=0)).astype(int) + 1
    part = image[top:bottom, left:right]
    if part.size == 0:
        return image, matrix
    factor = min(2 * scale, 1.0)
    new_width = max(1, round(part.shape[1] * factor))
    new_height = max(1, round(part.shape[0] * factor))
    factor_x, factor_y = new_width / part.shape[1], new_height / part.shape[0]
    small = cv2.resize(part, (new_width, new_height), interpolation=cv2.INTER_AREA)
    # From a pixel of the small part back to the picture, half-pixel centres as resize has them.
    back = np.array(
        [
            [1 / factor_x, 0, left + 0.5 / factor_x - 0.5],
            [0, 1 / factor_y, top + 0.5 / factor_y - 0.5],
            [0, 0, 1],
        ]
    )
    return np.asarray(small, dtype=np.uint8), matrix @ back


def roll_degrees(left: NDArray[np.floating], right: NDArray[np.floating]) -> float:
    """How far the line between two points is turned clockwise."""
    across, down = right - left
    return float(np.degrees(np.arctan2(down, across)))


def to_pixels(points: Points, image: Image) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    return points.astype(np.float64) * (width, height)


def to_ratios(points: NDArray[np.floating], image: Image) -> Points:
    height, width = image.shape[:2]
    return (points / (width, height)).astype(np.float32)


def box_square(box: Box, image: Image) -> tuple[NDArray[np.float64], float]:
    """Middle and side in pixels of the square around a box."""
    left, top, width, height = box_pixels(box, image)
    return np.array([left + width / 2, top + height / 2]), max(width, height)


def box_pixels(box: Box, image: Image) -> tuple[float, float, float, float]:
    """Left, top, width and height in pixels."""
    height, width = image.shape[:2]
    return box.left * width, box.top * height, box.width * width, box.height * height


def to_corners(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Boxes (n, 4) of centre and size as left, top, right, bottom."""
    halves = boxes[:, 2:] / 2
    corners = np.concatenate([boxes[:, :2] - halves, boxes[:, :2] + halves], axis=1)
    return np.asarray(corners, dtype=np.float64)


def overlaps(boxes: NDArray[np.floating], box: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intersection over union of each box with one, as left, top, right, bottom."""
    sides = np.minimum(boxes[:, 2:4], box[2:4]) - np.maximum(boxes[:, :2], box[:2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    areas = (boxes[:, 2:4] - boxes[:, :2]).prod(axis=1)
    area = (box[2:4] - box[:2]).prod()
    return np.asarray(shared / np.maximum(areas + area - shared, 1e-9), dtype=np.float64)


def suppress(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    threshold: float,
    most: int | None = None,
) -> list[int]:
    """Indices of the boxes to keep, best score first, at most `most`: no two overlap by more than
    threshold."""
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size and len(kept) != most:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[overlaps(boxes[rest], boxes[best]) <= threshold]
    return kept


def grey(image: Image) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def five_of_68(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Eye centres, nose tip and mouth corners out of 68 points, left to right in the image."""
    eyes = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    return np.asarray(
        np.stack([*eyes, landmarks[30], landmarks[48], landmarks[54]]), dtype=np.float64
    )


def align(image: Image, landmarks: Points, size: int = ARCFACE_SIZE) -> Image:
    """The face upright in the ArcFace template."""
    target = ARCFACE_POINTS * (size / ARCFACE_SIZE)
    return warp(image, fit_similarity(five_of_68(to_pixels(landmarks, image)), target), size)


def stack(crops: Sequence[Image]) -> NDArray[np.float32]:
    """RGB crops as one network input: batch, channel, row, column."""
    return np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), dtype=np.float32)


def shares_within(boxes: NDArray[np.floating], box: NDArray[np.floating]) -> NDArray[np.float64]:
    """The share of one box that lies inside of each of the others."""
    sides = np.minimum(boxes[:, 2:4], box[2:4]) - np.maximum(boxes[:, :2], box[:2])
    area = max(float((box[2:4] - box[:2]).prod()), 1e-9)
    return np.asarray(np.clip(sides, 0, None).prod(axis=1) / area, dtype=np.float64)


# Where the five points stand in the square that a detector draws around a frontal face (origin in
# its middle, side 1); means over portraits.
_FIVE_IN_SQUARE = np.array(
    [[-0.161, -0.111], [0.161, -0.111], [0.0, 0.072], [-0.143, 0.239], [0.143, 0.239]]
)


def face_square(landmarks: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """Middle and side of the square that a detector would draw around 68 points."""
    matrix = fit_similarity(_FIVE_IN_SQUARE, five_of_68(landmarks))
    side = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    return matrix[:, 2], side
