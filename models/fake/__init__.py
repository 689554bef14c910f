"""The fake pack: every capability without weights, its answers drawn from an image's colours."""

from openrekog.models.fake.dense import FakeDenseExtractor
from openrekog.models.fake.equipment import FakeFaceCoverClassifier, FakePoseEstimator
from openrekog.models.fake.faces import FakeFaceAnalyzer
from openrekog.models.fake.labels import FakeImageClassifier, FakeObjectDetector
from openrekog.models.fake.moderation import FakeExposureDetector, FakeNudityClassifier
from openrekog.models.fake.text import FakeTextReader
from openrekog.models.fake.videos import FakeShotDetector
from openrekog.models.loaded import Models
from openrekog.models.pack import Pack

FAKE_PACK = "fake"


def fake_models(pack: Pack) -> Models:
    classifier = FakeImageClassifier()
    return Models(
        faces=FakeFaceAnalyzer(pack.similarity),
        objects=FakeObjectDetector(),
        classes=classifier,
        classifiers=(classifier,),
        features=classifier,
        dense=FakeDenseExtractor(),
        shots=FakeShotDetector(),
        text=FakeTextReader(),
        poses=FakePoseEstimator(),
        face_covers=FakeFaceCoverClassifier(),
        nudity=FakeNudityClassifier(),
        exposures=FakeExposureDetector(),
    )
