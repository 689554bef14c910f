"""Access policies: what is allowed, what is denied, and what is refused when read."""

import re
import time
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, Shape, StructureShape
from pydantic import ValidationError

from openrekog.api_spec.service import load_service
from openrekog.collections_store.records import Scope
from openrekog.server.access.policies import Policy
from openrekog.server.access.resources import ARN_MEMBERS, resources_of

COLLECTION = "arn:aws:rekognition:us-east-1:123456789012:collection/"


def policy(*statements: dict[str, object]) -> Policy:
    return Policy.model_validate({"Version": "2012-10-17", "Statement": list(statements)})


def rule(effect: str, action: object = "*", resource: object = "*") -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource}


VERDICTS = {
    "everything": ([rule("Allow")], "DeleteFaces", "*", "allowed"),
    "nothing said": ([rule("Allow", "s3:*")], "DeleteFaces", "*", "not allowed"),
    "no statements": ([], "DeleteFaces", "*", "not allowed"),
    "action by wildcard": ([rule("Allow", "rekognition:Detect*")], "DetectText", "*", "allowed"),
    "action of one letter": (
        [rule("Allow", "rekognition:ListUser?")],
        "ListUsers",
        "*",
        "allowed",
    ),
    "action in any case": (
        [rule("Allow", "REKOGNITION:detectfaces")],
        "DetectFaces",
        "*",
        "allowed",
    ),
    "action is matched whole": (
        [rule("Allow", "rekognition:Detect")],
        "DetectText",
        "*",
        "not allowed",
    ),
    "brackets are letters": (
        [rule("Allow", "rekognition:[D]etectText")],
        "DetectText",
        "*",
        "not allowed",
    ),
    "deny wins": (
        [rule("Allow"), rule("Deny", "rekognition:Delete*")],
        "DeleteFaces",
        "*",
        "explicitly denied",
    ),
    "deny wins, whatever the order": (
        [rule("Deny", "rekognition:Delete*"), rule("Allow")],
        "DeleteFaces",
        "*",
        "explicitly denied",
    ),
    "resource by wildcard": (
        [rule("Allow", "rekognition:*", COLLECTION + "team-*")],
        "IndexFaces",
        COLLECTION + "team-a",
        "allowed",
    ),
    "another resource": (
        [rule("Allow", "rekognition:*", COLLECTION + "team-*")],
        "IndexFaces",
        COLLECTION + "Team-a",
        "not allowed",
    ),
    "no resource in the request": (
        [rule("Allow", "rekognition:*", COLLECTION + "*")],
        "DetectFaces",
        "*",
        "not allowed",
    ),
    "one of several": (
        [rule("Allow", ["s3:*", "rekognition:ListFaces"], ["x", COLLECTION + "a"])],
        "ListFaces",
        COLLECTION + "a",
        "allowed",
    ),
    "all but an action": (
        [{"Effect": "Allow", "NotAction": "rekognition:Delete*", "Resource": "*"}],
        "DeleteFaces",
        "*",
        "not allowed",
    ),
    "all but a resource": (
        [{"Effect": "Allow", "Action": "*", "NotResource": COLLECTION + "secret"}],
        "ListFaces",
        COLLECTION + "open",
        "allowed",
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict(name: str) -> None:
    statements, operation, resource, wanted = VERDICTS[name]
    assert policy(*statements).verdict(f"rekognition:{operation}", resource) == wanted


def test_a_single_statement_needs_no_list() -> None:
    found = Policy.model_validate({"Statement": rule("Allow")})
    assert found.verdict("rekognition:DetectFaces", "*") == "allowed"


REFUSED = {
    "no statement": {"Version": "2012-10-17"},
    "unknown version": {"Version": "2020-01-01", "Statement": []},
    "condition": {"Statement": [{**rule("Allow"), "Condition": {"Bool": {}}}]},
    "effect": {"Statement": [rule("Maybe")]},
    "both actions": {"Statement": [{**rule("Allow"), "NotAction": "*"}]},
    "no resource": {"Statement": [{"Effect": "Allow", "Action": "*"}]},
    "variable": {"Statement": [rule("Allow", "*", "arn:${aws:username}")]},
    "principal": {"Statement": [{**rule("Allow"), "Principal": "*"}]},
    "empty list": {"Statement": [rule("Allow", [])]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_enforced_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(REFUSED[name])


STREAM = "arn:aws:rekognition:us-east-1:123456789012:streamprocessor/"
PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/p/1"


@pytest.mark.parametrize(
    ("operation", "payload", "wanted"),
    [
        ("DetectFaces", {}, ["*"]),
        ("ListFaces", {"CollectionId": "team"}, [COLLECTION + "team"]),
        ("ListFaces", {"CollectionId": 7}, ["*"]),
        ("ListCollections", {"CollectionId": "team"}, ["*"]),
        ("TagResource", {"ResourceArn": COLLECTION + "team"}, [COLLECTION + "team"]),
        ("TagResource", {"ResourceArn": (COLLECTION + "team")[4:]}, [COLLECTION + "team"]),
        (
            "CopyProjectVersion",
            {"SourceProjectArn": PROJECT, "DestinationProjectArn": "x"},
            ["x", PROJECT],
        ),
        (
            "CreateStreamProcessor",
            {"Name": "door", "Settings": {"FaceSearch": {"CollectionId": "team"}}},
            [STREAM + "door", COLLECTION + "team"],
        ),
        ("CreateStreamProcessor", {"Settings": {"FaceSearch": ["CollectionId"]}}, ["*"]),
        ("DetectModerationLabels", {"ProjectVersion": PROJECT}, [PROJECT]),
        ("DetectFaces", {"ProjectVersion": PROJECT}, ["*"]),
        (
            "StartMediaAnalysisJob",
            {"OperationsConfig": {"DetectModerationLabels": {"ProjectVersion": PROJECT}}},
            [PROJECT],
        ),
        (
            "CreateDataset",
            {"ProjectArn": PROJECT, "DatasetSource": {"DatasetArn": "d"}},
            ["d", PROJECT],
        ),
        (
            "DistributeDatasetEntries",
            {"Datasets": [{"Arn": "train"}, {"Arn": "test"}]},
            ["train", "test"],
        ),
        ("DistributeDatasetEntries", {"Datasets": ["train", {"Arn": 7}, {"Arn": "t"}]}, ["t"]),
        ("DistributeDatasetEntries", {"Datasets": "train"}, ["*"]),
    ],
    ids=[
        "none",
        "collection",
        "wrong type",
        "no member",
        "arn",
        "arn without arn:",
        "two",
        "deep",
        "deep, wrong type",
        "adapter",
        "no adapter",
        "adapter of a job",
        "dataset to copy",
        "list",
        "list, wrong types",
        "no list",
    ],
)
def test_resources_of_a_request(
    operation: str, payload: dict[str, object], wanted: list[str]
) -> None:
    called = load_service().operations[operation]
    assert resources_of(Scope("123456789012", "us-east-1"), called, payload) == wanted


# What ends in these names is of other services.
FOREIGN = re.compile(r".*(RoleArn|SNSTopicArn|FlowDefinitionArn|KinesisVideoArn|KinesisDataArn)")


def arn_members(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Where a request names a resource of ours by its ARN."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from arn_members(member, (*path, name))
    elif isinstance(shape, ListShape):
        yield from arn_members(shape.member, (*path[:-1], f"{path[-1]}[]"))
    elif shape.name.endswith(("Arn", "ProjectVersionId")) and not FOREIGN.fullmatch(shape.name):
        yield ".".join(path)


def test_every_arn_of_a_request_is_seen() -> None:
    operations = load_service().operations.values()
    found = {member for each in operations for member in arn_members(each.input)}
    assert found == set(ARN_MEMBERS)


def test_no_resource_name_takes_long() -> None:
    """A policy is asked before lengths are checked: the name may be as long as the body."""
    found = policy(rule("Allow", "*", COLLECTION + "*a*b*c"))
    started = time.process_time()
    assert found.verdict("rekognition:ListFaces", COLLECTION + "ab" * 500_000) == "not allowed"
    assert time.process_time() - started < 5
