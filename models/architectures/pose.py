"""Head pose from 68 landmarks: a rigid head seen by a far camera. Geometry, no weights."""

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.geometry import to_pixels
from openrekog.models.results import Image, Points, Pose

# An average adult head in millimetres from the tip of the nose: to the right of the image, down,
# and away from the camera. Rounded from tables of facial measures (Farkas 1994: between the outer
# eye corners 90, inner 33, mouth 51, mouth to chin 46).
HEAD = {
    27: (0, -38, 19),  # bridge of the nose
    30: (0, 0, 0),  # tip of the nose
    31: (-14, 9, 17),
    35: (14, 9, 17),
    36: (-45, -37, 42),  # outer eye corners
    45: (45, -37, 42),
    39: (-17, -36, 35),  # inner eye corners
    42: (17, -36, 35),
    48: (-26, 30, 29),  # mouth corners
    54: (26, 30, 29),
    8: (0, 76, 28),  # chin
}
_INDICES = list(HEAD)
_MODEL = np.array(list(HEAD.values()), np.float64)

# Portraits are taken from about ten face widths away. The camera looks at the middle of the face,
# so that the pose does not depend on where in the picture the face stands.
DISTANCE_IN_FACES = 10.0


def estimate_pose(image: Image, landmarks: Points) -> Pose:
    seen = to_pixels(landmarks, image)[_INDICES]
    size = float(np.ptp(seen, axis=0).max()) or 1.0
    return _angles(_rotation((seen - seen.mean(axis=0)) / size))


def _rotation(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    camera = np.diag([DISTANCE_IN_FACES, DISTANCE_IN_FACES, 1.0])
    solved, turn, _ = cv2.solvePnP(_MODEL, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not solved:
        raise ValueError(f"no pose fits the landmarks {seen.round(3).tolist()}")
    return np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)


def _angles(rotation: NDArray[np.float64]) -> Pose:
    """Roll in the picture's plane, around the turned head's yaw, around its pitch."""
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    yaw = np.arcsin(np.clip(-rotation[2, 0], -1, 1))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    # Around the axis to the right, positive is downwards; around the axis down, to the left.
    return Pose(*(float(np.degrees(angle)) for angle in (-yaw, -pitch, roll)))
