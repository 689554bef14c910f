"""DetectCustomLabels: what a user's own model sees in a picture."""

from collections.abc import Iterator, Sequence

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import CustomLabel as CustomLabelMember
from openrekog.api_spec.shapes import DetectCustomLabelsRequest, DetectCustomLabelsResponse
from openrekog.collections_store.records import ProjectVersion
from openrekog.models.custom.labels import CustomLabel
from openrekog.server.analysis import faces
from openrekog.server.context import Context
from openrekog.server.hosting.opened import OpenedModel
from openrekog.server.hosting.running import UnusableModelError
from openrekog.server.hosting.thresholds import UNTESTED
from openrekog.server.operations import pictures
from openrekog.server.operations.project_arns import find_labels_version
from openrekog.server.operations.registry import operation


@operation
def detect_custom_labels(
    context: Context, request: DetectCustomLabelsRequest
) -> DetectCustomLabelsResponse:
    version = running(context, request["ProjectVersionArn"])
    # Before it takes a place in an inference unit: a bucket may be slow.
    image = pictures.load(context, request["Image"])
    try:
        with context.services.hosting.asked(version) as opened, context.timed("model"):
            [found] = opened.model.detect([image.pixels])
    except UnusableModelError as error:
        raise errors.ResourceNotReady(str(error)) from error
    chosen = list(confident(found, opened, request.get("MinConfidence")))
    chosen.sort(key=lambda label: -label.confidence)
    return {"CustomLabels": [member(label) for label in most(chosen, request.get("MaxResults"))]}


def running(context: Context, arn: str) -> ProjectVersion:
    hosting = context.services.hosting
    with context.reading() as rows:
        _, version = find_labels_version(rows, context, arn)
    if version.status != "RUNNING":
        hosting.forget(version)
        version = hosting.start_on_demand(version)
    if version.status != "RUNNING":
        reason = f": {version.message}" if version.status == "FAILED" else "."
        raise errors.ResourceNotReady(f"The model {arn} is {version.status}, not RUNNING{reason}")
    return version


def confident(
    found: Sequence[CustomLabel], opened: OpenedModel, least: float | None
) -> Iterator[CustomLabel]:
    """What is at least as sure as was asked for; else above what testing found best."""
    for label in found:
        if least is not None:
            sure = label.confidence >= least
        else:
            sure = label.confidence > opened.thresholds.get(label.name, UNTESTED)
        if sure:
            yield label


def most(labels: Sequence[CustomLabel], max_results: int | None) -> Sequence[CustomLabel]:
    """0 asks for as many as there are, as in every other list."""
    return labels[: max_results or len(labels)]


def member(label: CustomLabel) -> CustomLabelMember:
    told: CustomLabelMember = {"Name": label.name, "Confidence": label.confidence}
    if label.box is not None:
        told["Geometry"] = {"BoundingBox": faces.bounding_box(label.box)}
    return told
