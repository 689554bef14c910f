"""Collections: their life, their limits, their order, and every quirk that AWS documents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.photos import person
from tests.acceptance.refusals import refused_with

UNKNOWN_FACE = "11111111-2222-3333-4444-555555555555"
NAMES_OF_ONE_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-]+"


def test_a_collection_is_created_described_and_deleted(client: Any, region: str) -> None:
    created = client.create_collection(CollectionId="staff")
    assert created["StatusCode"] == 200
    # AWS's own sample answers this ARN without its prefix, and the other with it.
    assert created["CollectionArn"] == f"aws:rekognition:{region}:000000000000:collection/staff"
    described = client.describe_collection(CollectionId="staff")
    assert described["CollectionARN"] == f"arn:{created['CollectionArn']}"
    assert described["FaceModelVersion"] == created["FaceModelVersion"]
    assert (described["FaceCount"], described["UserCount"]) == (0, 0)
    age = datetime.now(UTC) - described["CreationTimestamp"]
    assert timedelta(seconds=-1) < age < timedelta(seconds=30)
    deleted = client.delete_collection(CollectionId="staff")
    assert deleted["StatusCode"] == 200
    message = refused_with(
        "ResourceNotFoundException", client.describe_collection, CollectionId="staff"
    )
    assert message == "The collection id: staff does not exist"


def test_answers_have_the_members_of_the_api_and_no_others(client: Any) -> None:
    def members(answer: dict[str, Any]) -> set[str]:
        return set(answer) - {"ResponseMetadata"}

    created = client.create_collection(CollectionId="staff")
    assert members(created) == {"StatusCode", "CollectionArn", "FaceModelVersion"}
    described = client.describe_collection(CollectionId="staff")
    assert members(described) == {
        "FaceCount",
        "FaceModelVersion",
        "CollectionARN",
        "CreationTimestamp",
        "UserCount",
    }
    listed = client.list_collections()
    assert members(listed) == {"CollectionIds", "FaceModelVersions"}
    deleted = client.delete_collection(CollectionId="staff")
    assert members(deleted) == {"StatusCode"}


def test_an_id_is_taken_once(client: Any) -> None:
    client.create_collection(CollectionId="staff")
    message = refused_with(
        "ResourceAlreadyExistsException", client.create_collection, CollectionId="staff"
    )
    assert message == "The collection id: staff already exists."


def test_ids_are_case_sensitive(client: Any) -> None:
    client.create_collection(CollectionId="staff")
    client.create_collection(CollectionId="Staff")
    assert sorted(client.list_collections()["CollectionIds"]) == ["Staff", "staff"]


@pytest.mark.parametrize("name", ["a", "0", "-", "A-z_0.9", "..", "x" * 255])
def test_ids_that_are_allowed(client: Any, name: str) -> None:
    client.create_collection(CollectionId=name)
    assert client.describe_collection(CollectionId=name)["FaceCount"] == 0
    assert client.list_collections()["CollectionIds"] == [name]
    client.delete_collection(CollectionId=name)


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("", "Member must have length greater than or equal to 1"),
        ("x" * 256, "Member must have length less than or equal to 255"),
        ("a b", NAMES_OF_ONE_PATTERN),
        ("a/b", NAMES_OF_ONE_PATTERN),
        ("a:b", NAMES_OF_ONE_PATTERN),
        ("ä", NAMES_OF_ONE_PATTERN),
        ("a\n", NAMES_OF_ONE_PATTERN),
    ],
    ids=["empty", "long", "space", "slash", "colon", "umlaut", "newline"],
)
def test_ids_that_are_refused(client: Any, name: str, constraint: str) -> None:
    message = refused_with("ValidationException", client.create_collection, CollectionId=name)
    assert constraint in message
    assert "at 'collectionId' failed to satisfy constraint" in message


NEEDS_A_COLLECTION: dict[str, dict[str, Any]] = {
    "associate_faces": {"UserId": "anna", "FaceIds": [UNKNOWN_FACE]},
    "create_user": {"UserId": "anna"},
    "delete_collection": {},
    "delete_faces": {"FaceIds": [UNKNOWN_FACE]},
    "delete_user": {"UserId": "anna"},
    "describe_collection": {},
    "disassociate_faces": {"UserId": "anna", "FaceIds": [UNKNOWN_FACE]},
    "index_faces": {"Image": {"Bytes": person(1)}},
    "list_faces": {},
    "list_users": {},
    "search_faces": {"FaceId": UNKNOWN_FACE},
    "search_faces_by_image": {"Image": {"Bytes": person(1)}},
    "search_users": {"FaceId": UNKNOWN_FACE},
    "search_users_by_image": {"Image": {"Bytes": person(1)}},
}


@pytest.mark.parametrize("operation", NEEDS_A_COLLECTION)
def test_a_collection_that_does_not_exist(client: Any, operation: str) -> None:
    message = refused_with(
        "ResourceNotFoundException",
        getattr(client, operation),
        CollectionId="nowhere",
        **NEEDS_A_COLLECTION[operation],
    )
    assert message == "The collection id: nowhere does not exist"


def test_what_a_deleted_collection_held_is_gone(client: Any) -> None:
    client.create_collection(CollectionId="staff", Tags={"team": "blue"})
    client.index_faces(CollectionId="staff", Image={"Bytes": person(1)})
    client.create_user(CollectionId="staff", UserId="anna")
    arn = client.describe_collection(CollectionId="staff")["CollectionARN"]
    client.delete_collection(CollectionId="staff")
    refused_with("ResourceNotFoundException", client.list_tags_for_resource, ResourceArn=arn)

    client.create_collection(CollectionId="staff")
    described = client.describe_collection(CollectionId="staff")
    assert (described["FaceCount"], described["UserCount"]) == (0, 0)
    assert client.list_faces(CollectionId="staff")["Faces"] == []
    assert client.list_users(CollectionId="staff")["Users"] == []
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}
    found = client.search_faces_by_image(
        CollectionId="staff", Image={"Bytes": person(1)}, FaceMatchThreshold=0
    )
    assert found["FaceMatches"] == []


def test_counts_follow_what_is_stored(client: Any, people: str) -> None:
    def counts() -> tuple[int, int]:
        described = client.describe_collection(CollectionId=people)
        return described["FaceCount"], described["UserCount"]

    faces = [
        client.index_faces(CollectionId=people, Image={"Bytes": person(number)})["FaceRecords"][0]
        for number in (1, 2)
    ]
    client.create_user(CollectionId=people, UserId="anna")
    assert counts() == (2, 1)
    client.delete_faces(CollectionId=people, FaceIds=[faces[0]["Face"]["FaceId"]])
    client.delete_user(CollectionId=people, UserId="anna")
    assert counts() == (1, 0)


def test_pages_of_the_list_of_collections(client: Any) -> None:
    names = {f"c{number}" for number in range(5)}
    for name in names:
        client.create_collection(CollectionId=name)
    seen: list[str] = []
    sizes: list[int] = []
    request: dict[str, Any] = {"MaxResults": 2}
    while True:
        page = client.list_collections(**request)
        assert len(page["CollectionIds"]) == len(page["FaceModelVersions"])
        seen += page["CollectionIds"]
        sizes.append(len(page["CollectionIds"]))
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert sizes == [2, 2, 1]
    assert len(seen) == len(set(seen))
    assert set(seen) == names
    # The whole list comes in the same order, by default and when 0 asks for the most there can be.
    assert client.list_collections()["CollectionIds"] == seen
    assert client.list_collections(MaxResults=0)["CollectionIds"] == seen


def test_a_full_last_page_has_no_token(client: Any) -> None:
    for name in ("a", "b"):
        client.create_collection(CollectionId=name)
    assert "NextToken" not in client.list_collections(MaxResults=2)


def test_a_region_without_collections_has_an_empty_list(client: Any) -> None:
    listed = client.list_collections()
    assert (listed["CollectionIds"], listed["FaceModelVersions"]) == ([], [])


@pytest.mark.parametrize(
    ("limit", "constraint"),
    [(-1, "value greater than or equal to 0"), (4097, "value less than or equal to 4096")],
)
def test_page_sizes_that_are_refused(client: Any, limit: int, constraint: str) -> None:
    assert constraint in refused_with(
        "ValidationException", client.list_collections, MaxResults=limit
    )


def test_a_token_is_good_for_its_own_list_alone(server: Any, client: Any, region: str) -> None:
    for name in ("a", "b"):
        client.create_collection(CollectionId=name)
    token = client.list_collections(MaxResults=1)["NextToken"]
    elsewhere = server.client(f"{region}-elsewhere")
    misuses = {
        "garbage": (client.list_collections, {"NextToken": "garbage"}),
        "changed": (client.list_collections, {"NextToken": token[:-2] + "zz"}),
        "another region": (elsewhere.list_collections, {"NextToken": token}),
        "another list": (client.list_faces, {"CollectionId": "a", "NextToken": token}),
        "users": (client.list_users, {"CollectionId": "a", "NextToken": token}),
    }
    for call, request in misuses.values():
        refused_with("InvalidPaginationTokenException", call, **request)
    assert client.list_collections(NextToken=token)["CollectionIds"] == ["b"]


def test_collections_that_go_and_come_between_pages(client: Any) -> None:
    for name in ("a", "b", "c", "d"):
        client.create_collection(CollectionId=name)
    first = client.list_collections(MaxResults=2)
    for name in (first["CollectionIds"][-1], "d"):
        client.delete_collection(CollectionId=name)
    rest = client.list_collections(NextToken=first["NextToken"])["CollectionIds"]
    assert sorted({*first["CollectionIds"], *rest}) == ["a", "b", "c"]
    assert not set(first["CollectionIds"]) & set(rest)
