"""Policies of projects: who may copy their models."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    DeleteProjectPolicyRequest,
    DeleteProjectPolicyResponse,
    ListProjectPoliciesRequest,
    ListProjectPoliciesResponse,
    PutProjectPolicyRequest,
    PutProjectPolicyResponse,
)
from openrekog.collections_store.errors import AlreadyExists, NotFound, Stale
from openrekog.collections_store.records import Project
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations.grants import MOST_POLICIES, PolicyDocument
from openrekog.server.operations.project_arns import find_labels_project, project_arn
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of


@operation
def put_project_policy(
    context: Context, request: PutProjectPolicyRequest
) -> PutProjectPolicyResponse:
    check_document(request["PolicyDocument"])
    with context.writing() as rows:
        project = find_labels_project(rows, context, request["ProjectArn"])
        return {"PolicyRevisionId": put(rows, project, request)}


@operation
def list_project_policies(
    context: Context, request: ListProjectPoliciesRequest
) -> ListProjectPoliciesResponse:
    with context.reading() as rows:
        project = find_labels_project(rows, context, request["ProjectArn"])
        found, token = page_of(
            context,
            f"ListProjectPolicies:{project.key}",
            request.get("NextToken"),
            lambda after: rows.policies.list(project, request["MaxResults"], after),
        )
    answer: ListProjectPoliciesResponse = {
        "ProjectPolicies": [
            {
                "ProjectArn": project_arn(project),
                "PolicyName": policy.name,
                "PolicyRevisionId": policy.revision,
                "PolicyDocument": policy.document,
                "CreationTimestamp": datetime.fromtimestamp(policy.created_at, UTC),
                "LastUpdatedTimestamp": datetime.fromtimestamp(policy.updated_at, UTC),
            }
            for policy in found
        ]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def delete_project_policy(
    context: Context, request: DeleteProjectPolicyRequest
) -> DeleteProjectPolicyResponse:
    name, revision = request["PolicyName"], request.get("PolicyRevisionId")
    with context.writing() as rows:
        project = find_labels_project(rows, context, request["ProjectArn"])
        try:
            rows.policies.delete(project, name, revision)
        except NotFound as error:
            raise errors.ResourceNotFound(f"The policy: {name} does not exist") from error
        except Stale as error:
            raise errors.InvalidPolicyRevisionId from error
    return {}


def check_document(document: str) -> None:
    try:
        PolicyDocument.model_validate_json(document)
    except ValidationError as error:
        raise errors.MalformedPolicyDocument(
            f"The policy document is malformed: {first_fault(error)}"
        ) from error


def first_fault(error: ValidationError) -> str:
    fault: Any = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": ")


def check_room(rows: Transaction, project: Project) -> None:
    """All of a project are read whenever somebody else wants to copy from it: of none a Deny must
    be missed."""
    if rows.policies.list(project, MOST_POLICIES - 1).after is not None:
        raise errors.LimitExceeded(f"A project has at most {MOST_POLICIES} policies.")


def put(rows: Transaction, project: Project, request: PutProjectPolicyRequest) -> str:
    name, document = request["PolicyName"], request["PolicyDocument"]
    revision = request.get("PolicyRevisionId")
    try:
        if revision is None:
            check_room(rows, project)
            return rows.policies.create(project, name, document)
        return rows.policies.update(project, name, document, revision)
    except AlreadyExists as error:
        raise errors.ResourceAlreadyExists(f"The policy: {name} already exists.") from error
    except Stale as error:
        raise errors.InvalidPolicyRevisionId from error
