"""Human review: what a HumanLoopConfig asks for, sent to the webhook that the settings name.

AWS keeps the conditions in a flow definition of SageMaker. Here there is one for all: a review is
started when the answer holds any label, which the request's MinConfidence decides.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    DetectModerationLabelsRequest,
    HumanLoopActivationOutput,
    HumanLoopConfig,
    ModerationLabel,
)
from openrekog.server.context import Context
from openrekog.server.media.webhook import FullError, UndeliveredError, Webhook

# As SageMaker names them; the service model only bounds the length.
FLOW_DEFINITION = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:flow-definition/[a-z0-9-]+"
)


def receiver(context: Context, config: HumanLoopConfig) -> Webhook:
    """Where reviews of this configuration go; refused before any model has run."""
    arn, settings = config["FlowDefinitionArn"], context.services.settings
    if not FLOW_DEFINITION.fullmatch(arn):
        raise errors.InvalidParameter(f"{arn} is no ARN of a flow definition")
    if settings.human_loop_webhook_url is None:
        raise errors.ResourceNotFound(
            f"The flow definition {arn} does not exist: this server has no human reviewers. "
            "OPENREKOG_HUMAN_LOOP_WEBHOOK_URL names who is sent what needs review."
        )
    return Webhook(settings.human_loop_webhook_url, settings.human_loop_webhook_secret)


def review(
    context: Context,
    request: DetectModerationLabelsRequest,
    webhook: Webhook,
    labels: list[ModerationLabel],
) -> HumanLoopActivationOutput:
    """An ARN only for what the receiver has taken; without labels there is nothing to review."""
    needed = bool(labels)
    output: HumanLoopActivationOutput = {
        "HumanLoopActivationReasons": ["ConditionsEvaluation"] if needed else [],
        "HumanLoopActivationConditionsEvaluationResults": evaluation(request, needed),
    }
    if needed:
        message = message_of(context, request, labels)
        deliver(context, webhook, message)
        output["HumanLoopArn"] = message["HumanLoopArn"]
    return output


def evaluation(request: DetectModerationLabelsRequest, needed: bool) -> str:
    """The one condition in the words of Amazon A2I."""
    condition = {
        "ConditionType": "ModerationLabelConfidenceCheck",
        "ConditionParameters": {
            "ModerationLabelName": "*",
            "ConfidenceGreaterThanEquals": request["MinConfidence"],
        },
        "EvaluationResult": needed,
    }
    return orjson.dumps({"Conditions": [condition]}).decode()


def message_of(
    context: Context, request: DetectModerationLabelsRequest, labels: list[ModerationLabel]
) -> dict[str, Any]:
    config, scope = request["HumanLoopConfig"], context.scope
    place = f"arn:aws:sagemaker:{scope.region}:{scope.account_id}"
    return {
        **config,
        "HumanLoopArn": f"{place}:human-loop/{config['HumanLoopName']}",
        "RequestId": context.request_id,
        "Image": image_of(request["Image"]),
        "MinConfidence": request["MinConfidence"],
        "ModerationLabels": labels,
    }


def image_of(image: Mapping[str, Any]) -> dict[str, Any]:
    """The member as the caller sent it: a reviewer has to see the picture."""
    if "Bytes" in image:
        return {"Bytes": b64encode(image["Bytes"]).decode()}
    return dict(image)


def deliver(context: Context, webhook: Webhook, message: Mapping[str, Any]) -> None:
    try:
        with context.timed("webhook"):
            webhook.deliver(orjson.dumps(message))
    except FullError as error:
        raise errors.HumanLoopQuotaExceeded() from error
    except UndeliveredError as error:
        raise errors.InternalServerError(
            f"The human loop {message['HumanLoopName']} was not started: "
            "its receiver could not be reached."
        ) from error
