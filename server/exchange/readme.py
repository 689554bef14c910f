"""What an exported model says of itself to whoever finds its files."""

import textwrap
from collections.abc import Collection, Mapping

from openrekog.server.exchange.archive import CUSTOM_MODEL, EVALUATION, LABELS, STANDALONE

WIDTH = 88

FILES: Mapping[str, str] = {
    LABELS: "the labels with their thresholds, and the licence of the network if one is in here",
    STANDALONE: "the whole model for any program that reads ONNX; labels.json says what it takes "
    "and gives",
    CUSTOM_MODEL: "the model as a server keeps it: `openrekog projects import` takes it",
    EVALUATION: "how good the model was in its test, in the form of AWS's summary",
}

LACKING: Mapping[str, str] = {
    "classifier": "There is no model.onnx: the network that the model was learnt on ({features}) "
    "is in no pack that can be joined with it. custom_model.onnx takes the features of that "
    "network (`looks`) and gives a chance for each label (`chances`).",
    "detector": "There is no model.onnx. What finds objects is no single network: boxes are drawn "
    "by a first stage, sorted and thinned out, the layers of {features} are read within each of "
    "them, and a second stage judges what was read; what lies between the stages is code of "
    "openrekog, for which there is no ONNX. custom_model.onnx holds both stages. Of cells of each "
    "stride N (`cells_N`) it gives how worthy they are and the shift to a box (`worth_N`); of "
    "boxes (`regions`) the chance of each label and the shift to the object (`chances`, `shifts`). "
    "A detector that is fine-tuned as a whole is one network: custom_model.onnx is then enough.",
    "fine_tuned": "There is no model.onnx, since custom_model.onnx is the whole network, as "
    "ultralytics exports a detector.",
}
"""By the kind of model, why there is no file for other programs."""


def readme(files: Collection[str], kind: str, features: str) -> bytes:
    told = [f"{name}: {what}." for name, what in FILES.items() if name in files]
    if STANDALONE not in files and kind in LACKING:
        told.append(LACKING[kind].format(features=features))
    return ("\n\n".join(textwrap.fill(each, WIDTH) for each in told) + "\n").encode()
