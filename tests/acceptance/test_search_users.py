"""Searches for users by a user, a stored face and a picture."""

from typing import Any

import pytest

from tests.acceptance.photos import (
    jpeg,
    nobody,
    person,
    photograph,
)
from tests.acceptance.refusals import refused_with
from tests.acceptance.searching import (
    UNKNOWN_FACE,
    five_faces,
    found_users,
    make_user,
)


@pytest.fixture
def faces(client: Any, people: str) -> list[str]:
    return five_faces(client)


class TestSearchUsers:
    @pytest.fixture(autouse=True)
    def users(self, client: Any, faces: list[str]) -> None:
        """`cat` and `kitten` look alike, `one` is alone, `blank` has no face."""
        make_user(client, "cat", faces[0])
        make_user(client, "kitten", faces[1])
        make_user(client, "one", faces[2], faces[3])
        make_user(client, "blank")

    def test_by_user_finds_the_like_and_not_itself(self, client: Any, people: str) -> None:
        answer = client.search_users(CollectionId=people, UserId="cat")
        assert set(answer) - {"ResponseMetadata"} == {
            "SearchedUser",
            "UserMatches",
            "FaceModelVersion",
        }
        assert answer["SearchedUser"] == {"UserId": "cat"}
        assert found_users(answer) == ["kitten"]
        [match] = answer["UserMatches"]
        assert match["User"] == {"UserId": "kitten", "UserStatus": "ACTIVE"}
        assert match["Similarity"] >= 80

    def test_by_face_finds_its_own_user_too(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        answer = client.search_users(CollectionId=people, FaceId=faces[0])
        assert answer["SearchedFace"] == {"FaceId": faces[0]}
        assert "SearchedUser" not in answer
        assert found_users(answer) == ["cat", "kitten"]

    def test_thresholds_and_limits(self, client: Any, people: str, faces: list[str]) -> None:
        request = {"CollectionId": people, "FaceId": faces[0], "UserMatchThreshold": 0}
        everything = client.search_users(**request)
        # A user without a face is like nobody.
        assert set(found_users(everything)) == {"cat", "kitten", "one"}
        likeness = [match["Similarity"] for match in everything["UserMatches"]]
        assert likeness == sorted(likeness, reverse=True)
        assert found_users(client.search_users(**request, MaxUsers=1)) == ["cat"]

    def test_a_user_without_a_face(self, client: Any, people: str) -> None:
        answer = client.search_users(CollectionId=people, UserId="blank", UserMatchThreshold=0)
        assert answer["SearchedUser"] == {"UserId": "blank"}
        assert answer["UserMatches"] == []

    def test_a_user_that_does_not_exist(self, client: Any, people: str) -> None:
        refused_with(
            "ResourceNotFoundException", client.search_users, CollectionId=people, UserId="who"
        )

    def test_a_face_that_does_not_exist(self, client: Any, people: str) -> None:
        refused_with(
            "InvalidParameterException",
            client.search_users,
            CollectionId=people,
            FaceId=UNKNOWN_FACE,
        )

    @pytest.mark.parametrize("both", [False, True])
    def test_exactly_one_of_face_and_user(
        self, client: Any, people: str, faces: list[str], both: bool
    ) -> None:
        what = {"FaceId": faces[0], "UserId": "cat"} if both else {}
        refused_with("InvalidParameterException", client.search_users, CollectionId=people, **what)

    def test_deleted_users_are_not_found(self, client: Any, people: str) -> None:
        client.delete_user(CollectionId=people, UserId="kitten")
        assert client.search_users(CollectionId=people, UserId="cat")["UserMatches"] == []

    def test_users_whose_faces_changed(self, client: Any, people: str, faces: list[str]) -> None:
        client.disassociate_faces(CollectionId=people, UserId="kitten", FaceIds=[faces[1]])
        assert client.search_users(CollectionId=people, UserId="cat")["UserMatches"] == []
        client.associate_faces(CollectionId=people, UserId="blank", FaceIds=[faces[1]])
        assert found_users(client.search_users(CollectionId=people, UserId="cat")) == ["blank"]

    def test_by_image(self, client: Any, people: str) -> None:
        image = {"Bytes": jpeg(photograph("chelsea.png"), quality=85)}
        answer = client.search_users_by_image(CollectionId=people, Image=image)
        assert set(answer) - {"ResponseMetadata"} == {
            "UserMatches",
            "FaceModelVersion",
            "SearchedFace",
            "UnsearchedFaces",
        }
        assert set(found_users(answer)) == {"cat", "kitten"}
        assert answer["UnsearchedFaces"] == []
        [detail] = client.detect_faces(Image=image)["FaceDetails"]
        assert answer["SearchedFace"] == {"FaceDetail": detail}

    def test_by_image_without_a_face_is_a_success(self, client: Any, people: str) -> None:
        answer = client.search_users_by_image(CollectionId=people, Image={"Bytes": nobody()})
        assert answer["UserMatches"] == []
        assert answer["UnsearchedFaces"] == []
        assert "SearchedFace" not in answer


@pytest.mark.parametrize(
    ("member", "value", "constraint"),
    [
        ("UserMatchThreshold", -0.5, "value greater than or equal to 0"),
        ("UserMatchThreshold", 100.5, "value less than or equal to 100"),
        ("MaxUsers", 0, "value greater than or equal to 1"),
        ("MaxUsers", 501, "value less than or equal to 500"),
    ],
)
def test_limits_of_user_searches(
    client: Any, people: str, member: str, value: float, constraint: str
) -> None:
    for call, what in (
        (client.search_users, {"UserId": "anna"}),
        (client.search_users_by_image, {"Image": {"Bytes": person(1)}}),
    ):
        assert constraint in refused_with(
            "ValidationException", call, CollectionId=people, **what, **{member: value}
        )
