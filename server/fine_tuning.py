"""Whether objects are learnt by fine-tuning a whole detector, as the settings say."""

from openrekog.models.architectures.signatures import MissingPackageError, UnusablePackError
from openrekog.models.convert.own_files import CHECKPOINT, find_yolo
from openrekog.models.custom.fine_tuned import LICENCE
from openrekog.models.custom.fine_tuning import FineTuning
from openrekog.models.pack import LicenceNotAcceptedError
from openrekog.server.settings import Settings

NO_LICENCE = (
    "OPENREKOG_FINE_TUNING_WEIGHTS fine-tunes with ultralytics and its weights, which stand under "
    f"{LICENCE}: who lets others use models that were learnt so must offer the source. "
    f"""Accept it by that name, OPENREKOG_ACCEPT_LICENCES='["{LICENCE}"]', or unset the weights."""
)
NO_PROGRAM = (
    "OPENREKOG_FINE_TUNING_WEIGHTS needs yolo, the program of the package ultralytics, which is "
    "neither on the PATH nor beside this Python: install it, best in an environment of its own "
    "(docs/custom_labels.md), or unset the weights."
)


def fine_tuning_of(settings: Settings) -> FineTuning | None:
    """None where the built-in learner is used; raises what keeps a server from its start."""
    weights = settings.fine_tuning_weights
    if weights is None:
        return None
    if LICENCE not in settings.accept_licences:
        raise LicenceNotAcceptedError(NO_LICENCE)
    program = find_yolo()
    if program is None:
        raise MissingPackageError(NO_PROGRAM)
    with weights.open("rb") as file:
        if file.read(len(CHECKPOINT)) != CHECKPOINT:
            raise UnusablePackError(f"OPENREKOG_FINE_TUNING_WEIGHTS: {weights} is no .pt file.")
    return FineTuning(
        program,
        weights.absolute(),
        settings.fine_tuning_epochs,
        settings.fine_tuning_side,
        settings.fine_tuning_seconds,
    )
