"""Starting and stopping trained models."""

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    StartProjectVersionRequest,
    StartProjectVersionResponse,
    StopProjectVersionRequest,
    StopProjectVersionResponse,
)
from openrekog.server.context import Context
from openrekog.server.hosting.running import STARTABLE, STARTING, STOPPING
from openrekog.server.operations.project_arns import find_labels_version
from openrekog.server.operations.registry import operation


@operation
def start_project_version(
    context: Context, request: StartProjectVersionRequest
) -> StartProjectVersionResponse:
    arn, least = request["ProjectVersionArn"], request["MinInferenceUnits"]
    most = request.get("MaxInferenceUnits")
    if most is not None and most < least:
        raise errors.InvalidParameter("MaxInferenceUnits is less than MinInferenceUnits.")
    with context.writing() as rows:
        _, version = find_labels_version(rows, context, arn)
        if not rows.versions.become(version, STARTABLE, "STARTING", STARTING):
            raise errors.ResourceInUse(f"The model {arn} is {version.status}: it cannot start.")
        rows.versions.set_units(version, least, most)
    context.services.hosting.look_now()
    return {"Status": "STARTING"}


@operation
def stop_project_version(
    context: Context, request: StopProjectVersionRequest
) -> StopProjectVersionResponse:
    arn = request["ProjectVersionArn"]
    with context.writing() as rows:
        _, version = find_labels_version(rows, context, arn)
        if not rows.versions.become(version, ["RUNNING"], "STOPPING", STOPPING):
            raise errors.ResourceInUse(f"The model {arn} is {version.status}, not RUNNING.")
    context.services.hosting.look_now()
    return {"Status": "STOPPING"}
