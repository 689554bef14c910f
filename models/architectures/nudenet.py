"""NudeNet v3 (notAI-tech): a YOLOv8n that finds parts of bodies, bare or covered."""

from openrekog.models.architectures.yolov8 import Padding, YoloV8
from openrekog.models.session import Session

# As it was published with: the picture at the top left of black, and this overlap.
PADDING = Padding(grey=0, centred=False)
OVERLAP = 0.45
SIDE = 320  # the graph leaves it open

# The order of the graph's classes, as its own metadata lists them.
CLASSES = (
    "FEMALE_GENITALIA_COVERED",
    "FACE_FEMALE",
    "BUTTOCKS_EXPOSED",
    "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED",
    "ANUS_EXPOSED",
    "FEET_EXPOSED",
    "BELLY_COVERED",
    "FEET_COVERED",
    "ARMPITS_COVERED",
    "ARMPITS_EXPOSED",
    "FACE_MALE",
    "BELLY_EXPOSED",
    "MALE_GENITALIA_EXPOSED",
    "ANUS_COVERED",
    "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)


def nude_net(session: Session) -> YoloV8:
    return YoloV8(session, CLASSES, "nudenet", PADDING, OVERLAP, SIDE)
