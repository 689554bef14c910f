"""Tags of collections."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.refusals import refused_with


@pytest.fixture
def arn(client: Any, people: str) -> str:
    found: str = client.describe_collection(CollectionId=people)["CollectionARN"]
    return found


def tags_of(client: Any, arn: str) -> dict[str, str]:
    tags: dict[str, str] = client.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return tags


def test_tags_are_added_replaced_and_removed(client: Any, arn: str) -> None:
    assert tags_of(client, arn) == {}
    client.tag_resource(ResourceArn=arn, Tags={"team": "blue", "cost": "7"})
    client.tag_resource(ResourceArn=arn, Tags={"team": "red", "site": ""})
    assert tags_of(client, arn) == {"team": "red", "cost": "7", "site": ""}
    client.untag_resource(ResourceArn=arn, TagKeys=["cost", "never-there"])
    assert tags_of(client, arn) == {"team": "red", "site": ""}


def test_tags_given_at_creation(client: Any) -> None:
    client.create_collection(CollectionId="tagged", Tags={"team": "blue"})
    arn = client.describe_collection(CollectionId="tagged")["CollectionARN"]
    assert tags_of(client, arn) == {"team": "blue"}


def test_the_arn_that_create_collection_answers_is_taken_too(client: Any) -> None:
    short = client.create_collection(CollectionId="staff")["CollectionArn"]
    client.tag_resource(ResourceArn=short, Tags={"team": "blue"})
    assert tags_of(client, f"arn:{short}") == tags_of(client, short) == {"team": "blue"}
    client.untag_resource(ResourceArn=short, TagKeys=["team"])
    assert tags_of(client, f"arn:{short}") == {}


@pytest.mark.parametrize(
    "tags",
    [{"Größe": "naïve"}, {"a b": "c d"}, {"a.:/=+-@_9": ".:/=+-@_9"}, {"k" * 128: "v" * 256}],
    ids=["letters", "spaces", "signs", "longest"],
)
def test_tags_that_are_allowed(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(ResourceArn=arn, Tags=tags)
    assert tags_of(client, arn) == tags


@pytest.mark.parametrize(
    "tags",
    [{"": "v"}, {"k" * 129: "v"}, {"k": "v" * 257}, {"k!": "v"}, {"k": "<v>"}],
    ids=["empty key", "long key", "long value", "sign in key", "sign in value"],
)
def test_tags_that_are_refused(client: Any, arn: str, tags: dict[str, str]) -> None:
    refused_with("ValidationException", client.tag_resource, ResourceArn=arn, Tags=tags)
    refused_with("ValidationException", client.create_collection, CollectionId="other", Tags=tags)


@pytest.mark.parametrize(
    ("key", "code"),
    # The pattern of the model forbids the one spelling, the service the others.
    [("aws:team", "ValidationException"), ("AWS:team", "InvalidParameterException")],
)
def test_the_reserved_prefix(client: Any, arn: str, key: str, code: str) -> None:
    tags = {key: "blue"}
    refused_with(code, client.tag_resource, ResourceArn=arn, Tags=tags)
    refused_with(code, client.create_collection, CollectionId="other", Tags=tags)
    # The refused creation has left nothing behind.
    assert client.list_collections()["CollectionIds"] == ["people"]


def test_two_hundred_tags_are_the_most(client: Any, arn: str) -> None:
    most = {f"key{number}": "value" for number in range(200)}
    client.tag_resource(ResourceArn=arn, Tags=most)
    client.tag_resource(ResourceArn=arn, Tags={"key7": "replaced"})
    refused_with(
        "ServiceQuotaExceededException", client.tag_resource, ResourceArn=arn, Tags={"more": "x"}
    )
    assert tags_of(client, arn) == {**most, "key7": "replaced"}
    refused_with(
        "ValidationException",
        client.tag_resource,
        ResourceArn=arn,
        Tags={**most, "more": "x"},
    )


ELSEWHERE: dict[str, Callable[[str, str], str]] = {
    "unknown": lambda arn, region: arn.replace("people", "nowhere"),
    "region": lambda arn, region: arn.replace(region, "eu-west-1"),
    "account": lambda arn, region: arn.replace("000000000000", "999999999999"),
    "kind": lambda arn, region: arn.replace("collection/", "project/"),
    "service": lambda arn, region: arn.replace("rekognition", "s3"),
    "no arn": lambda arn, region: "a collection of people",
}


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=ELSEWHERE)
def test_resources_that_do_not_exist_here(
    client: Any, region: str, arn: str, change: Callable[[str, str], str]
) -> None:
    wrong = change(arn, region)
    code = "ResourceNotFoundException"
    refused_with(code, client.tag_resource, ResourceArn=wrong, Tags={"team": "blue"})
    refused_with(code, client.untag_resource, ResourceArn=wrong, TagKeys=["team"])
    refused_with(code, client.list_tags_for_resource, ResourceArn=wrong)
