"""Builds the text reader: which file of which pack feeds which architecture."""

from openrekog.models.architectures.ctc import CtcRecogniser
from openrekog.models.architectures.dbnet import COARSE, DbNet
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import Pack
from openrekog.models.reading import ModelTextReader

DETECTOR, RECOGNISER, CHARACTERS = "detector.onnx", "recogniser.onnx", "characters.txt"


def load_text_reader(opening: Opening) -> ModelTextReader:
    """One detector, and every recogniser of the chosen packs: to name one for another script adds
    it to the default one."""
    detector = opening.open(opening.pack_for("text_detector").name, DETECTOR)
    recognisers = [_recogniser(opening, pack) for pack in opening.packs_for("text_recogniser")]
    return ModelTextReader(DbNet(detector), recognisers, coarse=DbNet(detector, COARSE))


def _recogniser(opening: Opening, pack: Pack) -> CtcRecogniser:
    (file,) = (file for file in pack.files if file.name == CHARACTERS)
    characters = opening.path(pack, file).read_text("utf-8").split("\n")
    return CtcRecogniser(opening.open(pack.name, RECOGNISER), characters)
