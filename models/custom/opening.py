"""Opens the files of custom models: which kind is opened by what."""

from collections.abc import Callable, Mapping

from openrekog.models.custom.classifier import open_classifier
from openrekog.models.custom.detector import open_detector
from openrekog.models.custom.fine_tuned import is_fine_tuned, open_fine_tuned
from openrekog.models.custom.learning import CustomModel
from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import ModelFile, ModelFileError, read
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime

OPENERS: Mapping[str, Callable[[ModelFile, Models, Runtime], CustomModel]] = {
    "classifier": open_classifier,
    "detector": open_detector,
}
"""By kind. Each checks the weights' shapes, and that the features are those that are loaded."""


def features_of(models: Models) -> frozenset[str]:
    """What a model may have been learnt on to be opened here, its own graph apart."""
    return frozenset((Looks(models.features).name, models.dense.feature_name))


UNTRUSTED = (
    "it is a fine-tuned network, whose graph would be run as it is: "
    "take it only from those whom you trust, and then with --trust-graph"
)


def open_custom_model(
    content: bytes, models: Models, runtime: Runtime, *, trusted: bool = False
) -> CustomModel:
    """Raises ModelFileError for bytes that are no model of a known kind, and OtherFeaturesError for
    a model that was learnt on other features than those loaded. A model whose own graph would be
    run is refused unless it is trusted: learnt on this server, or let in by its operator."""
    if is_fine_tuned(content):
        if not trusted:
            raise ModelFileError(UNTRUSTED)
        return open_fine_tuned(content, runtime)
    file = read(content)
    if file.kind not in OPENERS:
        raise ModelFileError(f"not a custom model: no kind {file.kind!r} is known here")
    return OPENERS[file.kind](file, models, runtime)
