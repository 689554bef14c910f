"""What is written beside an exported model: its labels and how pictures are given to it; and how
good it was in its test, which is read back."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from openrekog.models.custom.looks import MARGIN, SIDE
from openrekog.models.pack import Pack
from openrekog.server.exchange.archive import ArchiveError

VIEWS: Mapping[str, str] = {
    "whole": f"the whole picture, resized to {SIDE} x {SIDE} whatever its shape",
    "middle": f"the square in the middle of the picture, as long as {SIDE} / {SIDE + 2 * MARGIN} "
    f"of its shorter side, resized to {SIDE} x {SIDE}",
}

PREPROCESSING = {
    "type": f"uint8, (batch, {SIDE}, {SIDE}, 3), RGB, 0 to 255, upright as by the Exif orientation",
    "resizing": "halved by area averaging while the result is not smaller than the target, then "
    "bicubic (a = -0.75) without antialiasing; any good resizing gives almost the same",
    **VIEWS,
}

FORMS: Mapping[str, Mapping[str, Any]] = {
    "classifier": {
        "inputs": PREPROCESSING,
        "outputs": {"chances": "float32, (batch, labels), 0 to 1, in the order of the labels"},
    },
}
"""By the kind of model, what its model.onnx takes and gives."""


class ModelDocument(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class LabelMetrics(ModelDocument):
    threshold: float = Field(ge=0, le=1, alias="Threshold", allow_inf_nan=False)


class LabelResult(ModelDocument):
    label: str = Field(max_length=255, alias="Label")
    metrics: LabelMetrics = Field(alias="Metrics")


class Metrics(ModelDocument):
    f1_score: float = Field(ge=0, le=1, alias="F1Score", allow_inf_nan=False)


class Aggregated(ModelDocument):
    metrics: Metrics = Field(alias="Metrics")


class Evaluation(ModelDocument):
    """As much of AWS's summary as a server asks for; the rest is not taken over."""

    aggregated: Aggregated = Field(alias="AggregatedEvaluationResults")
    results: Sequence[LabelResult] = Field(alias="LabelEvaluationResults", max_length=250)

    @model_validator(mode="after")
    def every_label_once(self) -> "Evaluation":
        names = [result.label for result in self.results]
        if len(set(names)) != len(names):
            raise ValueError("a label has two results")
        return self


def read_evaluation(data: bytes) -> str:
    """The evaluation of a version, out of a file; raises ArchiveError."""
    try:
        return Evaluation.model_validate_json(data).model_dump_json(by_alias=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise ArchiveError(
            f"evaluation.json is not an evaluation: {place}: {fault['msg']}"
        ) from error


def labels_document(
    labels: Mapping[str, float],
    kind: str,
    source: str,
    network: Pack | None,
    licence: str | None = None,
) -> bytes:
    """`labels` have their thresholds in percent; in the file they are ratios, as the outputs of the
    model. `network` is what model.onnx was made of, None if there is no such file."""
    document: dict[str, Any] = {
        "source": source,
        "kind": kind,
        "labels": [{"name": name, "threshold": value / 100} for name, value in labels.items()],
    }
    if licence is not None:
        document["licence"] = licence
    if network is not None:
        document |= {"network": network.name, **FORMS[kind]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
