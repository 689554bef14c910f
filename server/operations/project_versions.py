"""Versions of projects' models: training them, describing and deleting them."""

from collections.abc import Mapping
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    CreateProjectVersionRequest,
    CreateProjectVersionResponse,
    DeleteProjectVersionRequest,
    DeleteProjectVersionResponse,
    DescribeProjectVersionsRequest,
    DescribeProjectVersionsResponse,
)
from openrekog.collections_store.errors import AlreadyExists
from openrekog.collections_store.jobs import TRAINING
from openrekog.collections_store.records import (
    Dataset,
    NewVersion,
    Project,
    ProjectVersion,
    VersionStatus,
)
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.jobs.training.task import Task
from openrekog.server.operations import tags
from openrekog.server.operations.jobs import check_quota
from openrekog.server.operations.project_arns import (
    find_project,
    find_version,
    version_arn,
)
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of
from openrekog.server.operations.version_descriptions import description

MOST_VERSIONS = 100
"""Of a project: AWS's quota."""

MOST_ASSETS = 1
"""To train with, and to test with: AWS's quota of datasets in a version of a model
(https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/limits.html)."""

WAITING = "The training waits for its turn."

IN_USE: tuple[VersionStatus, ...] = (
    "TRAINING_IN_PROGRESS",
    "COPYING_IN_PROGRESS",
    "STARTING",
    "RUNNING",
    "STOPPING",
)
"""A version in one of these states cannot be deleted."""


@operation
def create_project_version(
    context: Context, request: CreateProjectVersionRequest
) -> CreateProjectVersionResponse:
    """Stores the training, which from then on is done whatever happens to this process."""
    check(request)
    with context.writing() as rows:
        project = find_project(rows, context, request["ProjectArn"])
        datasets = datasets_for(rows, project, request)
        check_limits(rows, context, project)
        version = make(rows, project, request)
        for dataset in datasets:
            rows.training_images.copy(version, dataset.type, dataset)
        arn = version_arn(project, version)
        tags.put(rows, arn, request.get("Tags", {}))
        job = rows.jobs.create(
            context.scope,
            TRAINING,
            "{}",
            source=Task.source(
                version, arn, project.name, project.feature, split=is_split(request, datasets)
            ),
            tag=None,
        )
    context.services.jobs.put(job.job_id)
    return {"ProjectVersionArn": arn}


@operation
def describe_project_versions(
    context: Context, request: DescribeProjectVersionsRequest
) -> DescribeProjectVersionsResponse:
    with context.reading() as rows:
        project = find_project(rows, context, request["ProjectArn"])
        found, token = page_of(
            context,
            f"DescribeProjectVersions:{project.key}",
            request.get("NextToken"),
            lambda after: rows.versions.list(
                project, request["MaxResults"], after, names=request.get("VersionNames")
            ),
        )
    answer: DescribeProjectVersionsResponse = {
        "ProjectVersionDescriptions": [description(project, version) for version in found]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def delete_project_version(
    context: Context, request: DeleteProjectVersionRequest
) -> DeleteProjectVersionResponse:
    """At once, with its model and its tags; the files in the owner's bucket stay."""
    arn = request["ProjectVersionArn"]
    with context.writing() as rows:
        version = find_version(rows, context, arn)
        if version.status in IN_USE:
            raise errors.ResourceInUse(
                f"The project version is {version.status}; it can be deleted when it is not."
            )
        rows.versions.delete(version)
        rows.tags.clear(arn)
    return {"Status": "DELETING"}


def check(request: CreateProjectVersionRequest) -> None:
    if "KmsKeyId" in request:
        raise errors.InvalidParameter("This server encrypts nothing: leave KmsKeyId out.")
    if "S3Bucket" not in request["OutputConfig"]:
        raise errors.InvalidParameter("OutputConfig needs an S3Bucket.")
    if ("TrainingData" in request) != ("TestingData" in request):
        raise errors.InvalidParameter("TrainingData and TestingData are given both, or neither.")
    if "TrainingData" in request:
        check_assets("TrainingData", request["TrainingData"])
        check_testing(request["TestingData"])


def check_testing(data: Mapping[str, Any]) -> None:
    if data.get("AutoCreate"):
        if data.get("Assets"):
            raise errors.InvalidParameter("TestingData has either Assets or AutoCreate.")
        return
    check_assets("TestingData", data)


def check_assets(member: str, data: Mapping[str, Any]) -> None:
    """Each names a manifest, whole, and there are no more than may be."""
    assets = data.get("Assets", [])
    if len(assets) > MOST_ASSETS:
        raise errors.LimitExceeded(
            f"{member} has {len(assets)} Assets; a version has one manifest to train with, and one "
            "to test with."
        )
    places = [asset.get("GroundTruthManifest", {}).get("S3Object", {}) for asset in assets]
    if not places or not all("Bucket" in place and "Name" in place for place in places):
        raise errors.InvalidParameter(
            f"{member} needs Assets, each with a GroundTruthManifest in an S3Object."
        )


def datasets_for(
    rows: Transaction, project: Project, request: CreateProjectVersionRequest
) -> list[Dataset]:
    """What is trained with, if the request brings no manifests."""
    if project.feature != "CONTENT_MODERATION" and "FeatureConfig" in request:
        raise errors.InvalidParameter("FeatureConfig is for projects of CONTENT_MODERATION only.")
    datasets = rows.datasets.of(project)
    if "TrainingData" in request:
        if datasets:
            raise errors.InvalidParameter(
                "The project has datasets: leave TrainingData and TestingData out."
            )
        return []
    if "TRAIN" not in [dataset.type for dataset in datasets]:
        raise errors.InvalidParameter(
            "The project has no training dataset, and the request no TrainingData."
        )
    return datasets


def is_split(request: CreateProjectVersionRequest, datasets: list[Dataset]) -> bool:
    """Whether test images are taken from the training data: if asked to, and of a project that has
    a single dataset."""
    if "TestingData" in request:
        return bool(request["TestingData"].get("AutoCreate"))
    return "TEST" not in [dataset.type for dataset in datasets]


def check_limits(rows: Transaction, context: Context, project: Project) -> None:
    limit = context.services.settings.max_trainings
    running = rows.versions.count(context.scope, ["TRAINING_IN_PROGRESS"])
    if running >= limit:
        raise errors.LimitExceeded(
            f"{running} trainings in progress for account {context.scope.account_id} "
            f"Maximum limit: {limit}"
        )
    check_room(rows, project)
    check_quota(context, rows)


def check_room(rows: Transaction, project: Project) -> None:
    if rows.versions.list(project, MOST_VERSIONS - 1).after is not None:
        raise errors.LimitExceeded(f"A project has at most {MOST_VERSIONS} versions.")


def make(
    rows: Transaction, project: Project, request: CreateProjectVersionRequest
) -> ProjectVersion:
    name = request["VersionName"]
    try:
        version = rows.versions.create(
            project,
            NewVersion(
                name,
                orjson.dumps(request).decode(),
                description=request.get("VersionDescription"),
            ),
        )
    except AlreadyExists as error:
        raise errors.ResourceInUse(f"The version name: {name} is already in use.") from error
    rows.versions.advance(version, 0.0, WAITING, 0.0)
    return version
