"""DetectModerationLabels."""

from collections.abc import Mapping

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    DetectModerationLabelsRequest,
    DetectModerationLabelsResponse,
)
from openrekog.server.analysis import moderation
from openrekog.server.context import Context
from openrekog.server.operations import human_loops, pictures
from openrekog.server.operations.registry import operation


@operation
def detect_moderation_labels(
    context: Context, request: DetectModerationLabelsRequest
) -> DetectModerationLabelsResponse:
    refuse_adapter(request)
    config = request.get("HumanLoopConfig")
    reviewers = None if config is None else human_loops.receiver(context, config)
    image = pictures.load(context, request["Image"])
    with context.timed("model"):
        (findings,) = moderation.moderate(context.services.models, [image.pixels])
    answer = moderation.report(findings, request["MinConfidence"])
    if reviewers is not None:
        answer["HumanLoopActivationOutput"] = human_loops.review(
            context, request, reviewers, answer["ModerationLabels"]
        )
    return answer


def refuse_adapter(request: Mapping[str, object]) -> None:
    """There are no adapters yet, so that none can be found."""
    if "ProjectVersion" in request:
        raise errors.ResourceNotFound(
            f"The project version {request['ProjectVersion']} does not exist"
        )
