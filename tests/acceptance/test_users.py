"""Users: their life cycle, the faces that are associated with them, and idempotency tokens."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.acceptance.photos import jpeg, person, photograph
from tests.acceptance.refusals import refused_with

UNKNOWN_FACE = "11111111-2222-3333-4444-555555555555"


def index(client: Any, *numbers: int) -> list[str]:
    found = []
    for number in numbers:
        answer = client.index_faces(CollectionId="people", Image={"Bytes": person(number)})
        found.append(answer["FaceRecords"][0]["Face"]["FaceId"])
    return found


def associate(client: Any, user: str, faces: Sequence[str], **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.associate_faces(
        CollectionId="people", UserId=user, FaceIds=faces, **more
    )
    return answer


def status(client: Any, user: str) -> str:
    users = {one["UserId"]: one for one in client.list_users(CollectionId="people")["Users"]}
    found: str = users[user]["UserStatus"]
    return found


def faces_of(client: Any, user: str) -> list[str]:
    faces = client.list_faces(CollectionId="people", UserId=user)["Faces"]
    return [face["FaceId"] for face in faces]


@pytest.fixture
def anna(client: Any, people: str) -> str:
    client.create_user(CollectionId=people, UserId="anna")
    return "anna"


def test_the_life_of_a_user(client: Any, people: str) -> None:
    created = client.create_user(CollectionId=people, UserId="anna")
    assert set(created) == {"ResponseMetadata"}
    assert client.list_users(CollectionId=people)["Users"] == [
        {"UserId": "anna", "UserStatus": "CREATED"}
    ]
    faces = index(client, 1, 2)
    answer = associate(client, "anna", faces, UserMatchThreshold=0)
    assert answer["AssociatedFaces"] == [{"FaceId": face} for face in faces]
    assert answer["UnsuccessfulFaceAssociations"] == []
    assert answer["UserStatus"] in ("UPDATING", "ACTIVE")
    assert status(client, "anna") == "ACTIVE"
    assert faces_of(client, "anna") == faces

    gone = client.disassociate_faces(CollectionId=people, UserId="anna", FaceIds=faces[:1])
    assert gone["DisassociatedFaces"] == [{"FaceId": faces[0]}]
    assert gone["UnsuccessfulFaceDisassociations"] == []
    assert faces_of(client, "anna") == faces[1:]
    assert status(client, "anna") == "ACTIVE"
    client.disassociate_faces(CollectionId=people, UserId="anna", FaceIds=faces[1:])
    assert faces_of(client, "anna") == []
    assert status(client, "anna") == "CREATED"

    deleted = client.delete_user(CollectionId=people, UserId="anna")
    assert set(deleted) == {"ResponseMetadata"}
    assert client.list_users(CollectionId=people)["Users"] == []
    message = refused_with(
        "ResourceNotFoundException", client.delete_user, CollectionId=people, UserId="anna"
    )
    assert message == "The user id: anna does not exist"


def test_a_user_id_is_taken_once(client: Any, people: str, anna: str) -> None:
    refused_with("ConflictException", client.create_user, CollectionId=people, UserId=anna)
    client.create_user(CollectionId=people, UserId="Anna")
    client.create_collection(CollectionId="others")
    client.create_user(CollectionId="others", UserId=anna)
    assert client.describe_collection(CollectionId=people)["UserCount"] == 2


def test_a_deleted_user_leaves_its_faces_and_its_name(client: Any, people: str, anna: str) -> None:
    [face] = index(client, 1)
    associate(client, anna, [face])
    client.delete_user(CollectionId=people, UserId=anna)
    [stored] = client.list_faces(CollectionId=people)["Faces"]
    assert stored["FaceId"] == face
    assert "UserId" not in stored
    client.create_user(CollectionId=people, UserId=anna)
    assert status(client, anna) == "CREATED"
    assert client.delete_faces(CollectionId=people, FaceIds=[face])["DeletedFaces"] == [face]


@pytest.mark.parametrize("name", ["a", "A:b.c-d_9", "x" * 128])
def test_user_ids_that_are_allowed(client: Any, people: str, name: str) -> None:
    client.create_user(CollectionId=people, UserId=name)
    assert status(client, name) == "CREATED"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 129])
def test_user_ids_that_are_refused(client: Any, people: str, name: str) -> None:
    message = refused_with(
        "ValidationException", client.create_user, CollectionId=people, UserId=name
    )
    assert "at 'userId' failed to satisfy constraint" in message


@pytest.mark.parametrize("operation", ["associate_faces", "disassociate_faces"])
def test_a_user_that_does_not_exist(client: Any, people: str, operation: str) -> None:
    message = refused_with(
        "ResourceNotFoundException",
        getattr(client, operation),
        CollectionId=people,
        UserId="nobody",
        FaceIds=[UNKNOWN_FACE],
    )
    assert message == "The user id: nobody does not exist"


def test_faces_that_cannot_be_associated(client: Any, people: str, anna: str) -> None:
    client.create_user(CollectionId=people, UserId="berta")
    mine, theirs, stranger = index(client, 1, 2, 3)
    associate(client, anna, [mine])
    associate(client, "berta", [theirs])
    answer = associate(client, anna, [mine, theirs, UNKNOWN_FACE, stranger])
    # What is associated with this user already is in neither list.
    assert answer["AssociatedFaces"] == []
    failures = {one["FaceId"]: one for one in answer["UnsuccessfulFaceAssociations"]}
    assert failures.keys() == {theirs, UNKNOWN_FACE, stranger}
    assert failures[UNKNOWN_FACE] == {"FaceId": UNKNOWN_FACE, "Reasons": ["FACE_NOT_FOUND"]}
    assert failures[theirs]["Reasons"] == ["ASSOCIATED_TO_A_DIFFERENT_USER"]
    assert failures[theirs]["UserId"] == "berta"
    assert failures[stranger]["Reasons"] == ["LOW_MATCH_CONFIDENCE"]
    assert 0 <= failures[stranger]["Confidence"] < 75
    assert faces_of(client, anna) == [mine]


def test_the_threshold_counts_only_once_there_is_a_face(
    client: Any, people: str, anna: str
) -> None:
    first, second, third = index(client, 1, 2, 3)
    assert associate(client, anna, [first], UserMatchThreshold=100)["AssociatedFaces"]
    refused = associate(client, anna, [second])["UnsuccessfulFaceAssociations"]
    assert [one["Reasons"] for one in refused] == [["LOW_MATCH_CONFIDENCE"]]
    assert associate(client, anna, [second, third], UserMatchThreshold=0)["AssociatedFaces"] == [
        {"FaceId": second},
        {"FaceId": third},
    ]


def test_a_like_face_passes_the_default_threshold(client: Any, people: str, anna: str) -> None:
    faces = []
    for quality in (95, 80):
        image = jpeg(photograph("astronaut.png"), quality=quality)
        answer = client.index_faces(CollectionId=people, Image={"Bytes": image})
        faces.append(answer["FaceRecords"][0]["Face"]["FaceId"])
    for face in faces:
        assert associate(client, anna, [face])["AssociatedFaces"] == [{"FaceId": face}]


def test_a_face_named_twice_counts_once(client: Any, people: str, anna: str) -> None:
    [face] = index(client, 1)
    assert associate(client, anna, [face, face])["AssociatedFaces"] == [{"FaceId": face}]
    answer = client.disassociate_faces(CollectionId=people, UserId=anna, FaceIds=[face, face])
    assert answer["DisassociatedFaces"] == [{"FaceId": face}]


def test_faces_that_cannot_be_disassociated(client: Any, people: str, anna: str) -> None:
    client.create_user(CollectionId=people, UserId="berta")
    mine, theirs, free = index(client, 1, 2, 3)
    associate(client, anna, [mine])
    associate(client, "berta", [theirs])
    answer = client.disassociate_faces(
        CollectionId=people, UserId=anna, FaceIds=[free, theirs, UNKNOWN_FACE]
    )
    assert answer["DisassociatedFaces"] == []
    # What is disassociated already is in neither list.
    assert {
        one["FaceId"]: (one["Reasons"], one.get("UserId"))
        for one in answer["UnsuccessfulFaceDisassociations"]
    } == {
        theirs: (["ASSOCIATED_TO_A_DIFFERENT_USER"], "berta"),
        UNKNOWN_FACE: (["FACE_NOT_FOUND"], None),
    }
    assert faces_of(client, anna) == [mine]


def test_a_hundred_faces_are_the_most(client: Any, people: str, anna: str) -> None:
    faces = index(client, *range(102))
    most = associate(client, anna, faces[:100], UserMatchThreshold=0)
    assert len(most["AssociatedFaces"]) == 100
    refused_with(
        "ServiceQuotaExceededException",
        client.associate_faces,
        CollectionId=people,
        UserId=anna,
        FaceIds=[faces[100]],
        UserMatchThreshold=0,
    )
    refused_with(
        "ValidationException",
        client.associate_faces,
        CollectionId=people,
        UserId=anna,
        FaceIds=faces[:101],
    )
    assert faces_of(client, anna) == faces[:100]
    # As many as there is room for, and the rest is told.
    client.disassociate_faces(CollectionId=people, UserId=anna, FaceIds=faces[:1])
    answer = associate(client, anna, faces[100:], UserMatchThreshold=0)
    assert answer["AssociatedFaces"] == [{"FaceId": faces[100]}]
    assert answer["UnsuccessfulFaceAssociations"] == [{"FaceId": faces[101], "Reasons": []}]
    assert faces_of(client, anna) == faces[1:101]


def test_pages_of_the_list_of_users(client: Any, people: str) -> None:
    names = {f"user{number}" for number in range(5)}
    for name in names:
        client.create_user(CollectionId=people, UserId=name)
    seen: list[str] = []
    request: dict[str, Any] = {"CollectionId": people, "MaxResults": 2}
    while True:
        page = client.list_users(**request)
        assert len(page["Users"]) <= 2
        seen += [user["UserId"] for user in page["Users"]]
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert len(seen) == 5
    assert set(seen) == names
    for limit in (0, 501):
        refused_with(
            "ValidationException", client.list_users, CollectionId=people, MaxResults=limit
        )
    refused_with(
        "InvalidPaginationTokenException",
        client.list_users,
        CollectionId=people,
        NextToken="garbage",
    )


class TestIdempotency:
    """The same ClientRequestToken: the first answer again, or a refusal when the rest differs."""

    def test_create_user(self, client: Any, people: str) -> None:
        request = {"CollectionId": people, "UserId": "anna", "ClientRequestToken": "token-1"}
        client.create_user(**request)
        client.create_user(**request)
        message = refused_with(
            "IdempotentParameterMismatchException",
            client.create_user,
            **{**request, "UserId": "berta"},
        )
        assert message == "The ClientRequestToken: token-1 you have supplied is already in use."
        refused_with(
            "ConflictException",
            client.create_user,
            **{**request, "ClientRequestToken": "token-2"},
        )

    def test_delete_user(self, client: Any, people: str, anna: str) -> None:
        request = {"CollectionId": people, "UserId": anna, "ClientRequestToken": "token-1"}
        client.delete_user(**request)
        client.delete_user(**request)
        refused_with(
            "ResourceNotFoundException",
            client.delete_user,
            **{**request, "ClientRequestToken": "token-2"},
        )

    def test_faces_of_a_user(self, client: Any, people: str, anna: str) -> None:
        faces = index(client, 1)
        request = {
            "CollectionId": people,
            "UserId": anna,
            "FaceIds": faces,
            "ClientRequestToken": "token-1",
        }
        for operation, members in (
            ("associate_faces", ("AssociatedFaces", "UserStatus")),
            ("disassociate_faces", ("DisassociatedFaces", "UserStatus")),
        ):
            call = getattr(client, operation)
            first = call(**request)
            again = call(**request)
            assert first[members[0]] == [{"FaceId": faces[0]}]
            for member in members:
                assert again[member] == first[member]
            refused_with(
                "IdempotentParameterMismatchException",
                call,
                **{**request, "FaceIds": [UNKNOWN_FACE]},
            )

    def test_a_failed_request_does_not_use_its_token_up(self, client: Any, people: str) -> None:
        request = {"CollectionId": people, "UserId": "anna", "ClientRequestToken": "token-1"}
        refused_with("ResourceNotFoundException", client.delete_user, **request)
        client.create_user(CollectionId=people, UserId="anna")
        client.delete_user(**request)

    def test_a_token_of_another_region_is_another_token(
        self, server: Any, client: Any, people: str, region: str
    ) -> None:
        request = {"CollectionId": people, "UserId": "anna", "ClientRequestToken": "token-1"}
        client.create_user(**request)
        elsewhere = server.client(f"{region}-elsewhere")
        elsewhere.create_collection(CollectionId=people)
        elsewhere.create_user(**{**request, "UserId": "berta"})

    def test_a_token_ends_with_its_collection(self, client: Any, people: str) -> None:
        request = {"CollectionId": people, "UserId": "anna", "ClientRequestToken": "token-1"}
        client.create_user(**request)
        client.delete_collection(CollectionId=people)
        refused_with("ResourceNotFoundException", client.create_user, **request)
        client.create_collection(CollectionId=people)
        for _ in range(2):
            client.create_user(**request)
        assert [user["UserId"] for user in client.list_users(CollectionId=people)["Users"]] == [
            "anna"
        ]

    @pytest.mark.parametrize("token", ["", "a b", "x" * 65])
    def test_tokens_that_are_refused(self, client: Any, people: str, token: str) -> None:
        refused_with(
            "ValidationException",
            client.create_user,
            CollectionId=people,
            UserId="anna",
            ClientRequestToken=token,
        )
