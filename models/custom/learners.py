"""Who learns which kind of custom model."""

from collections.abc import Mapping

from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.detector_learner import DetectorLearner
from openrekog.models.custom.learning import Learner
from openrekog.models.loaded import Models


def learners(models: Models) -> Mapping[str, Learner]:
    """By the kind of model: "classifier" learns labels of whole pictures, "detector" of objects."""
    return {
        "classifier": ClassifierLearner(models.features),
        "detector": DetectorLearner(models.dense),
    }
