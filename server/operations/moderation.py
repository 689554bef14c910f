"""DetectModerationLabels."""

from openrekog.api_spec.shapes import (
    DetectModerationLabelsRequest,
    DetectModerationLabelsResponse,
)
from openrekog.server.analysis import moderation
from openrekog.server.context import Context
from openrekog.server.operations import human_loops, pictures
from openrekog.server.operations.project_arns import find_adapter
from openrekog.server.operations.registry import operation


@operation
def detect_moderation_labels(
    context: Context, request: DetectModerationLabelsRequest
) -> DetectModerationLabelsResponse:
    adapter = None
    if "ProjectVersion" in request:
        adapter = context.services.adapters.get(find_adapter(context, request["ProjectVersion"]))
    config = request.get("HumanLoopConfig")
    reviewers = None if config is None else human_loops.receiver(context, config)
    image = pictures.load(context, request["Image"])
    with context.timed("model"):
        (findings,) = (adapter or context.services.adapters.base())([image.pixels])
    answer = moderation.report(findings, request["MinConfidence"])
    if adapter is not None:
        answer["ProjectVersion"] = request["ProjectVersion"]
    if reviewers is not None:
        answer["HumanLoopActivationOutput"] = human_loops.review(
            context, request, reviewers, answer["ModerationLabels"]
        )
    return answer
