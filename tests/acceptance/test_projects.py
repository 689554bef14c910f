"""Projects of Custom Labels, their policies and their tags."""

import time
from typing import Any

import orjson
import pytest

from tests.acceptance.refusals import refused_with

POLICY = orjson.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "rekognition:CopyProjectVersion",
            "Resource": "*",
        },
    }
).decode()


@pytest.fixture
def project(client: Any) -> str:
    arn: str = client.create_project(ProjectName="pets", Tags={"team": "blue"})["ProjectArn"]
    return arn


def described(client: Any, **wanted: Any) -> list[str]:
    pages = client.get_paginator("describe_projects").paginate(**wanted)
    return [found["ProjectArn"] for page in pages for found in page["ProjectDescriptions"]]


def test_the_life_of_a_project(client: Any, region: str, project: str) -> None:
    prefix, stamp = project.rsplit("/", 1)
    assert prefix == f"arn:aws:rekognition:{region}:000000000000:project/pets"
    assert abs(time.time() - int(stamp) / 1000) < 60
    [found] = client.describe_projects()["ProjectDescriptions"]
    assert abs(found.pop("CreationTimestamp").timestamp() - int(stamp) / 1000) < 0.01
    assert found == {
        "ProjectArn": project,
        "Status": "CREATED",
        "Datasets": [],
        "Feature": "CUSTOM_LABELS",
    }
    assert client.list_tags_for_resource(ResourceArn=project)["Tags"] == {"team": "blue"}
    assert client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"] == []

    refused_with("ResourceInUseException", client.create_project, ProjectName="pets")
    assert client.delete_project(ProjectArn=project)["Status"] == "DELETING"
    assert client.describe_projects()["ProjectDescriptions"] == []
    for call in (client.delete_project, client.describe_project_versions):
        refused_with("ResourceNotFoundException", call, ProjectArn=project)
    refused_with("ResourceNotFoundException", client.list_tags_for_resource, ResourceArn=project)
    again = client.create_project(ProjectName="pets")["ProjectArn"]
    assert again != project
    assert client.list_tags_for_resource(ResourceArn=again)["Tags"] == {}


def test_features_and_names_and_pages(client: Any) -> None:
    made = [client.create_project(ProjectName=f"p{n}")["ProjectArn"] for n in range(3)]
    adapter = client.create_project(
        ProjectName="adapter", Feature="CONTENT_MODERATION", AutoUpdate="ENABLED"
    )["ProjectArn"]
    assert described(client, PaginationConfig={"PageSize": 2}) == made
    assert described(client, ProjectNames=["p2", "adapter", "none"]) == [made[2]]
    both = ["CUSTOM_LABELS", "CONTENT_MODERATION"]
    assert described(client, Features=both, PaginationConfig={"PageSize": 1}) == [*made, adapter]
    [found] = client.describe_projects(Features=both[1:])["ProjectDescriptions"]
    assert (found["Feature"], found["AutoUpdate"]) == ("CONTENT_MODERATION", "ENABLED")


def test_auto_update_is_of_adapters(client: Any) -> None:
    code = "InvalidParameterException"
    name = {"ProjectName": "p"}
    refused_with(code, client.create_project, **name, AutoUpdate="ENABLED")
    refused_with(code, client.create_project, **name, Feature="CONTENT_MODERATION")
    assert client.describe_projects()["ProjectDescriptions"] == []


def test_projects_of_other_regions_and_accounts(server: Any, client: Any, project: str) -> None:
    elsewhere = server.client("elsewhere")
    other = project.replace("000000000000", "999999999999")
    refused_with("ResourceNotFoundException", elsewhere.delete_project, ProjectArn=project)
    refused_with("ResourceNotFoundException", client.delete_project, ProjectArn=other)
    assert described(client) == [project]


def policies(client: Any, project: str) -> list[Any]:
    pages = client.get_paginator("list_project_policies").paginate(ProjectArn=project)
    return [policy for page in pages for policy in page["ProjectPolicies"]]


def test_policies_change_by_revision(client: Any, project: str) -> None:
    named = {"ProjectArn": project, "PolicyName": "copy"}
    first = client.put_project_policy(**named, PolicyDocument=POLICY)["PolicyRevisionId"]
    [found] = policies(client, project)
    assert (found["PolicyDocument"], found["PolicyRevisionId"]) == (POLICY, first)
    assert (found["ProjectArn"], found["PolicyName"]) == (project, "copy")
    refused_with(
        "ResourceAlreadyExistsException", client.put_project_policy, **named, PolicyDocument=POLICY
    )
    wider = POLICY.replace("111122223333", "444455556666")
    second = client.put_project_policy(**named, PolicyDocument=wider, PolicyRevisionId=first)
    [found] = policies(client, project)
    assert (found["PolicyDocument"], found["PolicyRevisionId"]) == (
        wider,
        second["PolicyRevisionId"],
    )
    stale = {**named, "PolicyRevisionId": first}
    code = "InvalidPolicyRevisionIdException"
    refused_with(code, client.put_project_policy, **stale, PolicyDocument=POLICY)
    refused_with(code, client.delete_project_policy, **stale)
    client.delete_project_policy(**named)
    assert policies(client, project) == []
    refused_with("ResourceNotFoundException", client.delete_project_policy, **named)


def test_pages_of_policies(client: Any, project: str) -> None:
    names = [f"policy{n}" for n in range(7)]
    for name in names:
        client.put_project_policy(ProjectArn=project, PolicyName=name, PolicyDocument=POLICY)
    assert [policy["PolicyName"] for policy in policies(client, project)] == names


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "MalformedPolicyDocumentException"),
        ("[]", "MalformedPolicyDocumentException"),
        ("{}", "MalformedPolicyDocumentException"),
        (POLICY.replace("Allow", "Perhaps"), "MalformedPolicyDocumentException"),
        (POLICY.replace("Principal", "Who"), "MalformedPolicyDocumentException"),
        ("x" * 2001, "ValidationException"),
    ],
    ids=["no JSON", "a list", "nothing", "effect", "principal", "too long"],
)
def test_documents_that_are_refused(client: Any, project: str, document: str, code: str) -> None:
    named = {"ProjectArn": project, "PolicyName": "copy"}
    refused_with(code, client.put_project_policy, **named, PolicyDocument=document)
    assert policies(client, project) == []
