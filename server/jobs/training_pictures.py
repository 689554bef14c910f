"""The pictures that a model is learnt from and tested with, and what is wrong with some of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.service import load_service
from openrekog.collections_store.records import TrainingImage
from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.learning import CustomModel, Learner
from openrekog.models.results import Box, Image
from openrekog.server.analysis.training_data import entry_of, truth_of
from openrekog.server.jobs.manifest import place_of
from openrekog.server.jobs.patience import patiently
from openrekog.server.jobs.training_task import Task
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import Unreachable

# AWS holds pictures for training to the bounds of those that the model is asked about.
OPERATION = load_service().operations["DetectCustomLabels"]

Use = Callable[[Image], TrainingImage]

INVALID, WRONG_SIZE = "ERROR_INVALID_IMAGE", "ERROR_INVALID_IMAGE_DIMENSION"
FAULTS: Mapping[type[ApiError], str] = {
    errors.InvalidParameter: WRONG_SIZE,
    errors.ImageTooLarge: WRONG_SIZE,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found in a test picture of this size in pixels."""

    width: int
    height: int
    labels: list[CustomLabel]

    def pack(self) -> str:
        labels = [
            [each.name, float(each.confidence), each.box and _numbers(each.box)]
            for each in self.labels
        ]
        return orjson.dumps([self.width, self.height, labels]).decode()

    @classmethod
    def unpack(cls, text: str) -> "Found":
        width, height, labels = orjson.loads(text)
        return cls(
            width,
            height,
            [CustomLabel(name, confidence, box and Box(*box)) for name, confidence, box in labels],
        )


@dataclass(frozen=True, slots=True)
class Pictures:
    """Looks at pictures, one at a time; what is wrong with one is written on its row."""

    images: ImageLoader

    def look(
        self, task: Task, learner: Learner, so_far: bytes | None, image: TrainingImage
    ) -> TrainingImage:
        def see(pixels: Image) -> TrainingImage:
            truth = truth_of(entry_of(image, task.feature), task.kind)
            return replace(image, seen=learner.look(pixels, truth, so_far))

        return self._with(image, see)

    def check(self, image: TrainingImage) -> TrainingImage:
        return self._with(image, lambda _: image)

    def test(self, model: CustomModel, image: TrainingImage) -> TrainingImage:
        def predict(pixels: Image) -> TrainingImage:
            [labels] = model.detect([pixels])
            height, width = pixels.shape[:2]
            return replace(image, found=Found(width, height, labels).pack())

        return self._with(image, predict)

    def _with(self, image: TrainingImage, use: Use) -> TrainingImage:
        """Raises Unreachable if the object store stays away."""
        try:
            return patiently(partial(self._use, image, use))
        except Unreachable:
            raise
        except (errors.ProvisionedThroughputExceeded, errors.InternalServerError):
            raise
        except ApiError as error:
            return replace(image, fault=FAULTS.get(type(error), INVALID))

    def _use(self, image: TrainingImage, use: Use) -> TrainingImage:
        assert OPERATION.image is not None
        loaded = self.images.load({"S3Object": place_of(image.source_ref)}, OPERATION.image)
        return use(loaded.pixels)


def _numbers(box: Box) -> list[float]:
    return [float(each) for each in (box.left, box.top, box.width, box.height)]
