"""DetectText."""

from openrekog.api_spec.shapes import DetectTextRequest, DetectTextResponse
from openrekog.server.analysis import text as report
from openrekog.server.context import Context
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation


@operation
def detect_text(context: Context, request: DetectTextRequest) -> DetectTextResponse:
    filters = report.Filters.of(request["Filters"])
    image = pictures.load(context, request["Image"])
    with context.timed("model"):
        (found,) = report.read_text(context.services.models.text, [image.pixels], filters)
    return {
        "TextDetections": [report.text_detection(one) for one in found],
        "TextModelVersion": report.TEXT_MODEL_VERSION,
    }
