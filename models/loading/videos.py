"""Builds what looks at video as a whole."""

from openrekog.models.architectures.adaptive_shots import AdaptiveShots
from openrekog.models.architectures.transnet import TransNetV2
from openrekog.models.capabilities import ShotDetector
from openrekog.models.loading.opening import Opening


def load_shot_detector(opening: Opening) -> ShotDetector:
    """A pack without weights is the light one."""
    pack = opening.pack_for("shot_detector")
    if not pack.files:
        return AdaptiveShots()
    return TransNetV2(opening.open(pack.name, pack.files[0].name))
