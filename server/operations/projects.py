"""Projects of Custom Labels and of moderation adapters."""

from datetime import UTC, datetime

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    CreateProjectRequest,
    CreateProjectResponse,
    DatasetMetadata,
    DeleteProjectRequest,
    DeleteProjectResponse,
    DescribeProjectsRequest,
    DescribeProjectsResponse,
    ProjectDescription,
)
from openrekog.collections_store.errors import AlreadyExists, InUse
from openrekog.collections_store.records import Dataset, Project
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations import tags
from openrekog.server.operations.project_arns import (
    dataset_arn,
    find_project,
    project_arn,
)
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of


@operation
def create_project(context: Context, request: CreateProjectRequest) -> CreateProjectResponse:
    feature, auto_update = request["Feature"], request.get("AutoUpdate")
    if (feature == "CONTENT_MODERATION") != (auto_update is not None):
        raise errors.InvalidParameter(
            "AutoUpdate is required for CONTENT_MODERATION, and is for nothing else."
        )
    name = request["ProjectName"]
    with context.writing() as rows:
        try:
            project = rows.projects.create(context.scope, name, feature, auto_update)
        except AlreadyExists as error:
            raise errors.ResourceInUse(f"The project name: {name} is already in use.") from error
        tags.put(rows, project_arn(project), request.get("Tags", {}))
    return {"ProjectArn": project_arn(project)}


@operation
def describe_projects(
    context: Context, request: DescribeProjectsRequest
) -> DescribeProjectsResponse:
    with context.reading() as rows:
        found, token = page_of(
            context,
            "DescribeProjects",
            request.get("NextToken"),
            lambda after: rows.projects.list(
                context.scope,
                request["MaxResults"],
                after,
                features=request["Features"],
                names=request.get("ProjectNames"),
            ),
        )
        answer: DescribeProjectsResponse = {
            "ProjectDescriptions": [description(rows, project) for project in found]
        }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def delete_project(context: Context, request: DeleteProjectRequest) -> DeleteProjectResponse:
    """With its datasets, policies and tags, and at once."""
    with context.writing() as rows:
        project = find_project(rows, context, request["ProjectArn"])
        try:
            rows.projects.delete(project)
        except InUse as error:
            raise errors.ResourceInUse(
                "The project has model versions, which must be deleted first."
            ) from error
        rows.policies.clear(project)
        for dataset in rows.datasets.of(project):
            rows.datasets.delete(dataset)
            rows.tags.clear(dataset_arn(project, dataset))
        rows.tags.clear(project_arn(project))
    return {"Status": "DELETING"}


def description(rows: Transaction, project: Project) -> ProjectDescription:
    told: ProjectDescription = {
        "ProjectArn": project_arn(project),
        "CreationTimestamp": datetime.fromtimestamp(project.created_at, UTC),
        "Status": "CREATED",
        "Datasets": [metadata(project, dataset) for dataset in rows.datasets.of(project)],
        "Feature": project.feature,
    }
    if project.auto_update is not None:
        told["AutoUpdate"] = project.auto_update
    return told


def metadata(project: Project, dataset: Dataset) -> DatasetMetadata:
    return {
        "CreationTimestamp": datetime.fromtimestamp(dataset.created_at, UTC),
        "DatasetType": dataset.type,
        "DatasetArn": dataset_arn(project, dataset),
        "Status": dataset.state.status,
        "StatusMessage": dataset.state.message,
        "StatusMessageCode": dataset.state.code,
    }
