"""The fake pack: every capability without weights, its answers drawn from an image's colours."""

from openrekog.models.fake.equipment import FakeFaceCoverClassifier, FakePoseEstimator
from openrekog.models.fake.faces import FakeFaceAnalyzer
from openrekog.models.loaded import Models
from openrekog.models.pack import Pack

FAKE_PACK = "fake"


def fake_models(pack: Pack) -> Models:
    return Models(
        faces=FakeFaceAnalyzer(pack.similarity),
        poses=FakePoseEstimator(),
        face_covers=FakeFaceCoverClassifier(),
    )
