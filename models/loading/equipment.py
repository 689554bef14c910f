"""Builds what looks for protective equipment: bodies, and covers of faces."""

from openrekog.models.architectures.face_mask import FaceMask
from openrekog.models.architectures.movenet import MoveNet
from openrekog.models.calibration import FACE_MASK
from openrekog.models.capabilities import FaceCoverClassifier, PoseEstimator
from openrekog.models.loading.opening import Opening


def load_poses(opening: Opening) -> PoseEstimator:
    """Every pack of poses is a MoveNet, in one file."""
    pack = opening.pack_for("pose_estimator")
    return MoveNet(opening.open(pack.name, pack.files[0].name))


def load_face_covers(opening: Opening) -> FaceCoverClassifier:
    return FaceMask(opening.open("face_mask", "face_mask.onnx"), FACE_MASK)
