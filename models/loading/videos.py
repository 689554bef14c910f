"""Builds what looks at video as a whole."""

from openrekog.models.architectures.transnet import TransNetV2
from openrekog.models.capabilities import ShotDetector
from openrekog.models.loading.opening import Opening


def load_shot_detector(opening: Opening) -> ShotDetector:
    return TransNetV2(opening.open("transnet_v2", "transnet_v2.onnx"))
