"""Copying trained models between projects, also of different accounts."""

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import CopyProjectVersionRequest, CopyProjectVersionResponse
from openrekog.collections_store.errors import AlreadyExists
from openrekog.collections_store.records import NewVersion, Project, ProjectVersion
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.hosting.running import TRAINED
from openrekog.server.operations import grants, tags
from openrekog.server.operations.project_arns import (
    find_labels_project,
    find_shared_version,
    place_of,
    version_arn,
)
from openrekog.server.operations.project_versions import check_room
from openrekog.server.operations.registry import operation
from openrekog.server.operations.training_outputs import copy_outputs


@operation
def copy_project_version(
    context: Context, request: CopyProjectVersionRequest
) -> CopyProjectVersionResponse:
    """All at once: the answer is sent when the copy is there, whole."""
    if "KmsKeyId" in request:
        raise errors.InvalidParameter("This server encrypts nothing: leave KmsKeyId out.")
    if "S3Bucket" not in request["OutputConfig"]:
        raise errors.InvalidParameter("OutputConfig needs an S3Bucket.")
    with context.reading() as rows:
        target, source = allowed_copy(rows, context, request)
        check_name(rows, target, request["VersionName"])
        check_room(rows, target)
    objects, config = context.services.images.objects, request["OutputConfig"]
    outputs = copy_outputs(objects, source, config, target.name, request["VersionName"])
    with context.writing() as rows:
        # The permission may have been taken back meanwhile.
        target, source = allowed_copy(rows, context, request)
        check_room(rows, target)
        version = store(rows, target, source, request, outputs)
        arn = version_arn(target, version)
        tags.put(rows, arn, request.get("Tags", {}))
    return {"ProjectVersionArn": arn}


def allowed_copy(
    rows: Transaction, context: Context, request: CopyProjectVersionRequest
) -> tuple[Project, ProjectVersion]:
    """Where to, and what of."""
    target = find_labels_project(rows, context, request["DestinationProjectArn"])
    project_arn, arn = request["SourceProjectArn"], request["SourceProjectVersionArn"]
    place = place_of(project_arn)
    if place.region != context.scope.region:
        raise errors.InvalidParameter("Models are copied within a region only.")
    if place.account_id == context.scope.account_id:
        _, source = find_shared_version(rows, project_arn, arn)
    else:
        source = granted(rows, context, project_arn, arn)
    if source.status not in TRAINED:
        raise errors.InvalidParameter(f"The model {arn} is {source.status}: it cannot be copied.")
    return target, source


def granted(rows: Transaction, context: Context, project_arn: str, arn: str) -> ProjectVersion:
    """A model of another account, whose project's policies allow it; what is not there is refused
    alike, so that nobody learns what others have."""
    try:
        project, source = find_shared_version(rows, project_arn, arn)
    except (errors.ResourceNotFound, errors.InvalidParameter) as error:
        raise not_granted(context, arn) from error
    policies = rows.policies.list(project, grants.MOST_POLICIES).items
    if not grants.may_copy(policies, context.scope.account_id, context.caller_arn, arn):
        raise not_granted(context, arn)
    return source


def not_granted(context: Context, arn: str) -> errors.ApiError:
    return errors.AccessDenied(
        f"User: {context.caller_arn} is not authorized to perform: {grants.COPY} on resource: "
        f"{arn} because no resource-based policy allows the {grants.COPY} action"
    )


def store(
    rows: Transaction,
    target: Project,
    source: ProjectVersion,
    request: CopyProjectVersionRequest,
    outputs: str | None,
) -> ProjectVersion:
    new = NewVersion(
        name=request["VersionName"],
        request=orjson.dumps({"OutputConfig": request["OutputConfig"]}).decode(),
        status="COPYING_COMPLETED",
        kind=source.kind,
        description=source.description,
        source_arn=request["SourceProjectVersionArn"],
        base_model_version=source.base_model_version,
        evaluation=source.evaluation,
        outputs=outputs,
    )
    try:
        version = rows.versions.create(target, new)
    except AlreadyExists as error:
        raise name_in_use(new.name) from error
    rows.versions.put_content(version, rows.versions.content(source))
    return version


def check_name(rows: Transaction, project: Project, name: str) -> None:
    """Before files are written for nothing."""
    if rows.versions.list(project, 1, names=[name]).items:
        raise name_in_use(name)


def name_in_use(name: str) -> errors.ApiError:
    return errors.ResourceInUse(f"The version name: {name} is already in use.")
