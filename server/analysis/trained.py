"""Every kind of model that can be trained: those that stand alone, and adapters, which correct what
the server says without them."""

from collections.abc import Mapping

from openrekog.models.custom.fine_tuning import FineTuningLearner
from openrekog.models.custom.learners import learners
from openrekog.models.custom.learning import CustomModel, Learner
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.analysis.adapters import adapter_learner, open_adapted_moderation


def all_learners(models: Models, tuner: FineTuningLearner | None = None) -> Mapping[str, Learner]:
    """By kind."""
    return {**learners(models, tuner), "adapter": adapter_learner(models)}


def open_trained(kind: str, content: bytes, models: Models, runtime: Runtime) -> CustomModel:
    """Raises ModelFileError, or OtherFeaturesError."""
    if kind == "adapter":
        return open_adapted_moderation(content, models, runtime)
    return open_custom_model(content, models, runtime, trusted=True)
