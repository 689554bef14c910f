"""Brightness and sharpness of a face, measured on its aligned crop."""

import cv2
import numpy as np

from openrekog.models.calibration import BRIGHTNESS, SHARPNESS
from openrekog.models.geometry import align, grey
from openrekog.models.results import Image, Points, Quality

# Brows to chin in the aligned crop: hair and background would speak for the face.
INNER = np.s_[24:104, 20:92]

# Contrast is judged as at this mean luma, so that a dark face is not called a blurred one.
COMMON_LUMA = 114.0


def measure_quality(image: Image, landmarks: Points) -> Quality:
    face = grey(align(image, landmarks))[INNER].astype(np.float32)
    luma = float(face.mean())
    even = face * (COMMON_LUMA / max(luma, 20.0))
    edges = float(cv2.Laplacian(even, cv2.CV_32F)[1:-1, 1:-1].var())
    return Quality(BRIGHTNESS.scale(luma), SHARPNESS.scale(edges))
