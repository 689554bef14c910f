"""Where a person's head, face and hands are in a picture: from the 17 points of the body, and from
the face where one was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.api_spec.shapes import BodyPart
from openrekog.models.calibration import BODY_POINT, LEAST_CONFIDENCE
from openrekog.models.geometry import box_pixels, box_square, to_pixels
from openrekog.models.results import Body, Box, Face, Image

NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR, LEFT_SHOULDER, RIGHT_SHOULDER = range(7)
LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST, LEFT_HIP, RIGHT_HIP = range(7, 13)

FACE_POINTS = [NOSE, LEFT_EYE, RIGHT_EYE]
HEAD_POINTS = [*FACE_POINTS, LEFT_EAR, RIGHT_EAR]

# Elbow and wrist of each hand: the person's own left and right.
HANDS: dict[BodyPart, tuple[int, int]] = {
    "LEFT_HAND": (LEFT_ELBOW, LEFT_WRIST),
    "RIGHT_HAND": (RIGHT_ELBOW, RIGHT_WRIST),
}

# Lengths of a grown person in cm, rounded from tables of anthropometry. Only their ratios count: a
# child is a grown person seen from further away.
BONES_CM = {
    (LEFT_EYE, RIGHT_EYE): 6.3,
    (LEFT_EAR, RIGHT_EAR): 15,
    (LEFT_SHOULDER, RIGHT_SHOULDER): 36,
    (LEFT_SHOULDER, LEFT_HIP): 50,
    (RIGHT_SHOULDER, RIGHT_HIP): 50,
    (LEFT_SHOULDER, LEFT_ELBOW): 30,
    (RIGHT_SHOULDER, RIGHT_ELBOW): 30,
    (LEFT_ELBOW, LEFT_WRIST): 26,
    (RIGHT_ELBOW, RIGHT_WRIST): 26,
}
HEAD_CM = 24.0  # crown to chin
FACE_CM = 15.0, 19.0  # as a detector's box has it: to both ears, hairline to chin
HAND_CM = 19.0  # wrist to fingertips

# Bones that point towards the camera look shorter, so a high quantile tells the scale; not the
# highest of all, which may be a mistake.
BONE_QUANTILE = 75

# Sides of the squares that are searched: a head with a helmet or hat, a hand whichever way it
# bends; and how far up the first one is moved, in its own sides.
HEAD_ROOM, HAND_ROOM = 1.6, 1.3
HAT_SHIFT = 0.12

# A face belongs to a body if its middle is nearer to the body's head than this, in its own sides.
FACE_REACH = 0.75

Place = NDArray[np.float64]
"""x and y in pixels."""


@dataclass(frozen=True, slots=True)
class Part:
    """A body part that is seen, and the box in which something may cover it."""

    name: BodyPart
    confidence: float
    box: Box


def assign_faces(bodies: Sequence[Body], faces: Sequence[Face], image: Image) -> list[Face | None]:
    """The face of each body; earlier bodies choose first, and none gets one that is taken."""
    left = list(faces)
    assigned: list[Face | None] = []
    for body in bodies:
        head = _head(body, image)
        near = [face for face in left if _apart(face, head, image) < FACE_REACH]
        own = min(near, key=lambda face: _apart(face, head, image), default=None)
        if own is not None:
            left = [face for face in left if face is not own]
        assigned.append(own)
    return assigned


def find_parts(body: Body, face: Face | None, image: Image) -> Iterator[Part]:
    """The parts that are seen with a confidence of 50 and more, in the API's order."""
    scale = _pixels_per_cm(body, face, image)
    if scale is None:
        return
    sure = face.confidence if face else 0.0
    found = [
        Part("FACE", max(sure, _best_two(body, FACE_POINTS)), _face_box(body, face, scale, image)),
        Part("HEAD", max(sure, _best_two(body, HEAD_POINTS)), _head_box(body, face, scale, image)),
        *(_hand(name, body, scale, image) for name in HANDS),
    ]
    for part in found:
        if part.confidence >= LEAST_CONFIDENCE and _in_picture(part.box):
            yield part


def confidence(body: Body, point: int) -> float:
    """The chance that a point is where it is said to be."""
    return BODY_POINT.scale(float(body.scores[point]))


def _best_two(body: Body, points: Sequence[int]) -> float:
    """One point alone may be a mistake; of a head in profile no more than two are seen well."""
    return float(np.mean(sorted(confidence(body, point) for point in points)[-2:]))


def _head(body: Body, image: Image) -> Place:
    points = to_pixels(body.points, image)[HEAD_POINTS]
    weights = body.scores[HEAD_POINTS] + 1e-6
    return np.asarray(np.average(points, axis=0, weights=weights), np.float64)


def _apart(face: Face, head: Place, image: Image) -> float:
    middle, side = box_square(face.box, image)
    return float(np.linalg.norm(middle - head)) / max(side, 1)


def _pixels_per_cm(body: Body, face: Face | None, image: Image) -> float | None:
    """None where neither a face nor two ends of a bone are seen."""
    if face is not None:
        _, _, width, height = box_pixels(face.box, image)
        return float(np.mean([width / FACE_CM[0], height / FACE_CM[1]]))
    points = to_pixels(body.points, image)
    lengths = [
        float(np.linalg.norm(points[one] - points[other])) / length_cm
        for (one, other), length_cm in BONES_CM.items()
        if min(confidence(body, one), confidence(body, other)) >= LEAST_CONFIDENCE
    ]
    return float(np.percentile(lengths, BONE_QUANTILE)) if lengths else None


def _face_box(body: Body, face: Face | None, scale: float, image: Image) -> Box:
    if face is not None:
        return face.box
    width_cm, height_cm = FACE_CM
    nose = to_pixels(body.points, image)[NOSE]
    return _box(nose, width_cm * scale, height_cm * scale, image)


def _head_box(body: Body, face: Face | None, scale: float, image: Image) -> Box:
    """A square with room for a hat on the side away from the shoulders."""
    side = HEAD_ROOM * HEAD_CM * scale
    head = box_square(face.box, image)[0] if face else _head(body, image)
    return _box(head + HAT_SHIFT * side * _upwards(body, head, image), side, side, image)


def _upwards(body: Body, head: Place, image: Image) -> Place:
    """From the shoulders to the head, or to the upper edge where a shoulder is not seen."""
    shoulders = [LEFT_SHOULDER, RIGHT_SHOULDER]
    if min(confidence(body, point) for point in shoulders) < LEAST_CONFIDENCE:
        return np.array([0.0, -1.0])
    return _unit(head - to_pixels(body.points, image)[shoulders].mean(axis=0))


def _hand(name: BodyPart, body: Body, scale: float, image: Image) -> Part:
    """The hand goes on where the forearm ends."""
    elbow, wrist = HANDS[name]
    points = to_pixels(body.points, image)
    seen = confidence(body, elbow) >= LEAST_CONFIDENCE
    along = _unit(points[wrist] - points[elbow]) if seen else np.zeros(2)
    middle, side = points[wrist] + along * HAND_CM * scale / 2, HAND_ROOM * HAND_CM * scale
    return Part(name, confidence(body, wrist), _box(middle, side, side, image))


def _unit(vector: Place) -> Place:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _box(middle: Place, width: float, height: float, image: Image) -> Box:
    rows, columns = image.shape[:2]
    left, top = middle - np.array([width, height]) / 2
    return Box(
        left=float(left / columns),
        top=float(top / rows),
        width=float(width / columns),
        height=float(height / rows),
    )


def _in_picture(box: Box) -> bool:
    """Whether the middle of a box is."""
    x, y = box.left + box.width / 2, box.top + box.height / 2
    return 0 <= x < 1 and 0 <= y < 1
