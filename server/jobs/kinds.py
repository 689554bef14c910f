"""The analyses that a stored video can be given to, by the name in their operations."""

from collections.abc import Mapping

from openrekog.server.analysis.video.analysis import Begin
from openrekog.server.analysis.video.face_search import begin_face_search
from openrekog.server.analysis.video.faces import begin_face_detection

KINDS: Mapping[str, Begin] = {
    "FaceDetection": begin_face_detection,
    "FaceSearch": begin_face_search,
}
"""`StartX` and `GetX` are the two operations of kind X."""
