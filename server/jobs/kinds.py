"""The analyses that a stored video can be given to, by the name in their operations."""

from collections.abc import Mapping

from openrekog.server.analysis.video.analysis import Begin
from openrekog.server.analysis.video.celebrities import begin_celebrity_recognition
from openrekog.server.analysis.video.face_search import begin_face_search
from openrekog.server.analysis.video.faces import begin_face_detection
from openrekog.server.analysis.video.labels import begin_label_detection
from openrekog.server.analysis.video.moderation import begin_content_moderation
from openrekog.server.analysis.video.persons import begin_person_tracking
from openrekog.server.analysis.video.segments import begin_segment_detection
from openrekog.server.analysis.video.text import begin_text_detection

KINDS: Mapping[str, Begin] = {
    "CelebrityRecognition": begin_celebrity_recognition,
    "ContentModeration": begin_content_moderation,
    "FaceDetection": begin_face_detection,
    "FaceSearch": begin_face_search,
    "LabelDetection": begin_label_detection,
    "PersonTracking": begin_person_tracking,
    "SegmentDetection": begin_segment_detection,
    "TextDetection": begin_text_detection,
}
"""`StartX` and `GetX` are the two operations of kind X."""
