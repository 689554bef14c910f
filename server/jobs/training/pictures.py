"""The pictures that a model is learnt from and tested with, and what is wrong with some of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.service import load_service
from openrekog.collections_store.records import TrainingImage
from openrekog.models.custom.learning import CustomModel, Learner
from openrekog.models.results import Image
from openrekog.server.analysis.training_data import entry_of, truth_of
from openrekog.server.jobs.manifest import place_of
from openrekog.server.jobs.patience import patiently
from openrekog.server.jobs.training.files import TrainingFiles
from openrekog.server.jobs.training.found import Found
from openrekog.server.jobs.training.task import Task
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
class Pictures:
    """Looks at pictures, one at a time; what is wrong with one is written on its row."""

    images: ImageLoader
    files: TrainingFiles

    def look(
        self, task: Task, learner: Learner, so_far: bytes | None, image: TrainingImage
    ) -> TrainingImage:
        def see(pixels: Image) -> TrainingImage:
            truth = truth_of(entry_of(image, task.feature), task.kind)
            return replace(image, seen=learner.look(pixels, truth, so_far))

        return self._with(task, image, see)

    def check(self, task: Task, image: TrainingImage) -> TrainingImage:
        return self._with(task, image, lambda _: image)

    def test(self, task: Task, model: CustomModel, image: TrainingImage) -> TrainingImage:
        def predict(pixels: Image) -> TrainingImage:
            [labels] = model.detect([pixels])
            height, width = pixels.shape[:2]
            return replace(image, found=Found(width, height, labels).pack())

        return self._with(task, image, predict)

    def load(self, source_ref: str) -> Image | None:
        """For somebody to look at; None if it is gone."""
        try:
            return patiently(lambda: self._load(source_ref))
        except errors.ProvisionedThroughputExceeded:
            raise
        except ApiError:
            return None

    def _with(self, task: Task, image: TrainingImage, use: Use) -> TrainingImage:
        """Raises Unreachable if the object store stays away."""
        try:
            return patiently(partial(self._use, image, use))
        except Unreachable:
            self.files.check_access(task)  # raises Unreachable if it is not the picture's fault
            return replace(image, fault=INVALID)
        except (errors.ProvisionedThroughputExceeded, errors.InternalServerError):
            raise
        except ApiError as error:
            return replace(image, fault=FAULTS.get(type(error), INVALID))

    def _use(self, image: TrainingImage, use: Use) -> TrainingImage:
        return use(self._load(image.source_ref))

    def _load(self, source_ref: str) -> Image:
        assert OPERATION.image is not None
        return self.images.load({"S3Object": place_of(source_ref)}, OPERATION.image).pixels
