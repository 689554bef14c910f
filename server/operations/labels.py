"""DetectLabels: what is to be seen in a picture, and how it looks as a whole."""

from collections.abc import Iterable

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import DetectLabelsRequest, DetectLabelsResponse
from openrekog.models.properties import Properties, measure_properties
from openrekog.models.results import Box
from openrekog.server.analysis import label_report as report
from openrekog.server.analysis.image_properties import dominant_colors, image_properties
from openrekog.server.analysis.labels import FoundLabel, find_labels
from openrekog.server.context import Context
from openrekog.server.media.images import LoadedImage
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation


@operation
def detect_labels(context: Context, request: DetectLabelsRequest) -> DetectLabelsResponse:
    named = "GENERAL_LABELS" in request["Features"]
    settings = request["Settings"]
    if "GeneralLabels" in settings and not named:
        raise errors.InvalidParameter("Request has invalid parameters")
    image = pictures.load(context, request["Image"])
    found = confident_labels(context, image, request["MinConfidence"]) if named else []
    chosen = report.wanted(found, settings.get("GeneralLabels", {}))[: request["MaxLabels"]]
    if "IMAGE_PROPERTIES" not in request["Features"]:
        return answer(chosen)
    boxes = instance_boxes(found)
    with context.timed("properties"):
        properties = measure_properties(image.pixels, boxes)
    most_colors = settings["ImageProperties"]["MaxDominantColors"]
    return {
        **answer(chosen, box_colors(boxes, properties, most_colors)),
        "ImageProperties": image_properties(properties, most_colors),
    }


def confident_labels(context: Context, image: LoadedImage, least: float) -> list[FoundLabel]:
    with context.timed("model"):
        [found] = find_labels(context.services.models, [image.pixels])
    return report.confident(found, least)


def answer(
    found: Iterable[FoundLabel], colors: report.BoxColors | None = None
) -> DetectLabelsResponse:
    return {
        "Labels": [report.label_member(each, colors) for each in found],
        "LabelModelVersion": report.LABEL_MODEL_VERSION,
    }


def instance_boxes(found: Iterable[FoundLabel]) -> list[Box]:
    """Each box once: a person and a woman share theirs."""
    return list(dict.fromkeys(one.box for each in found for one in each.instances))


def box_colors(boxes: list[Box], properties: Properties, most_colors: int) -> report.BoxColors:
    return {
        box: dominant_colors(colors, most_colors)
        for box, colors in zip(boxes, properties.instances, strict=True)
    }
