"""Opens what looks for nudity: which file feeds which architecture."""

from openrekog.models.architectures.nudenet import nude_net
from openrekog.models.architectures.open_nsfw import OpenNsfw
from openrekog.models.capabilities import ExposureDetector, NudityClassifier
from openrekog.models.loading.opening import Opening


def load_nudity_classifier(opening: Opening) -> NudityClassifier:
    return OpenNsfw(opening.open("opennsfw", "open_nsfw.onnx"))


def load_exposure_detector(opening: Opening) -> ExposureDetector | None:
    """None unless a pack that finds parts of bodies was named."""
    if not opening.packs_for("exposure_detector"):
        return None
    return nude_net(opening.open("nudenet", "320n.onnx"))
