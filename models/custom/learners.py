"""Who learns which kind of custom model."""

from collections.abc import Mapping

from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.detector_learner import DetectorLearner
from openrekog.models.custom.fine_tuning import FineTuningLearner
from openrekog.models.custom.learning import Learner
from openrekog.models.loaded import Models


def learners(models: Models, tuner: FineTuningLearner | None = None) -> Mapping[str, Learner]:
    """By the kind of model: "classifier" learns labels of whole pictures, "detector" of objects,
    and that is the tuner if there is one."""
    return {
        "classifier": ClassifierLearner(models.features),
        "detector": tuner or DetectorLearner(models.dense),
    }
