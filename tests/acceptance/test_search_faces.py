"""Searches for faces by a stored face and by a picture."""

from typing import Any

import pytest

from tests.acceptance.photos import (
    nobody,
    person,
)
from tests.acceptance.refusals import refused_with
from tests.acceptance.searching import (
    UNKNOWN_FACE,
    five_faces,
    found_faces,
    index,
    make_user,
)

MATCHED = {"FaceId", "BoundingBox", "ImageId", "Confidence", "IndexFacesModelVersion"}


@pytest.fixture
def faces(client: Any, people: str) -> list[str]:
    return five_faces(client)


class TestSearchFaces:
    def test_finds_the_like_and_not_itself(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        answer = client.search_faces(CollectionId=people, FaceId=faces[0])
        assert set(answer) - {"ResponseMetadata"} == {
            "SearchedFaceId",
            "FaceMatches",
            "FaceModelVersion",
        }
        assert answer["SearchedFaceId"] == faces[0]
        assert found_faces(answer) == [faces[1]]
        [match] = answer["FaceMatches"]
        assert match["Similarity"] >= 80
        [listed] = client.list_faces(CollectionId=people, FaceIds=[faces[1]])["Faces"]
        assert match["Face"] == listed
        assert set(listed) == MATCHED

    def test_all_are_found_at_threshold_zero_best_first(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        answer = client.search_faces(CollectionId=people, FaceId=faces[0], FaceMatchThreshold=0)
        assert found_faces(answer)[0] == faces[1]
        assert set(found_faces(answer)) == set(faces[1:])
        likeness = [match["Similarity"] for match in answer["FaceMatches"]]
        assert likeness == sorted(likeness, reverse=True)
        assert all(0 <= value <= 100 for value in likeness)

    def test_the_threshold_is_eighty_by_default(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        for face in faces:
            plain = client.search_faces(CollectionId=people, FaceId=face)
            explicit = client.search_faces(CollectionId=people, FaceId=face, FaceMatchThreshold=80)
            assert plain["FaceMatches"] == explicit["FaceMatches"]

    def test_every_match_reaches_the_threshold(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        everything = client.search_faces(
            CollectionId=people, FaceId=faces[0], FaceMatchThreshold=0
        )["FaceMatches"]
        for threshold in (0.5, 25, 50, 75, 99, 100):
            answer = client.search_faces(
                CollectionId=people, FaceId=faces[0], FaceMatchThreshold=threshold
            )
            expected = [match for match in everything if match["Similarity"] >= threshold]
            assert answer["FaceMatches"] == expected

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_max_faces(self, client: Any, people: str, faces: list[str], limit: int) -> None:
        request = {"CollectionId": people, "FaceId": faces[0], "FaceMatchThreshold": 0}
        everything = client.search_faces(**request)["FaceMatches"]
        answer = client.search_faces(**request, MaxFaces=limit)
        assert answer["FaceMatches"] == everything[:limit]

    def test_a_face_that_does_not_exist(self, client: Any, people: str) -> None:
        refused_with(
            "InvalidParameterException",
            client.search_faces,
            CollectionId=people,
            FaceId=UNKNOWN_FACE,
        )

    def test_a_face_of_another_collection(self, client: Any, people: str, faces: list[str]) -> None:
        client.create_collection(CollectionId="others")
        refused_with(
            "InvalidParameterException",
            client.search_faces,
            CollectionId="others",
            FaceId=faces[0],
        )

    def test_deleted_faces_are_not_found(self, client: Any, people: str, faces: list[str]) -> None:
        client.delete_faces(CollectionId=people, FaceIds=[faces[1]])
        assert client.search_faces(CollectionId=people, FaceId=faces[0])["FaceMatches"] == []
        refused_with(
            "InvalidParameterException",
            client.search_faces,
            CollectionId=people,
            FaceId=faces[1],
        )

    def test_deleted_faces_do_not_stand_in_the_way(self, client: Any, people: str) -> None:
        """However many better matches there were before."""
        picture = person(1)
        faces = [index(client, picture, ExternalImageId=f"n{number}") for number in range(120)]
        image = {"Bytes": picture}
        assert client.search_faces_by_image(CollectionId=people, Image=image, MaxFaces=1)
        client.delete_faces(CollectionId=people, FaceIds=faces[:-1])
        found = client.search_faces_by_image(CollectionId=people, Image=image, MaxFaces=1)
        assert found_faces(found) == faces[-1:]

    def test_a_match_names_the_user_of_its_face(
        self, client: Any, people: str, faces: list[str]
    ) -> None:
        make_user(client, "cat", faces[1])
        [match] = client.search_faces(CollectionId=people, FaceId=faces[0])["FaceMatches"]
        assert match["Face"]["UserId"] == "cat"


class TestSearchFacesByImage:
    def test_finds_the_picture_itself(self, client: Any, people: str, faces: list[str]) -> None:
        image = {"Bytes": person(1)}
        answer = client.search_faces_by_image(CollectionId=people, Image=image)
        assert set(answer) - {"ResponseMetadata"} == {
            "SearchedFaceBoundingBox",
            "SearchedFaceConfidence",
            "FaceMatches",
            "FaceModelVersion",
        }
        assert found_faces(answer) == [faces[2]]
        [match] = answer["FaceMatches"]
        assert match["Similarity"] > 99
        [detail] = client.detect_faces(Image=image)["FaceDetails"]
        assert answer["SearchedFaceBoundingBox"] == detail["BoundingBox"]
        assert answer["SearchedFaceConfidence"] == detail["Confidence"]

    def test_thresholds_and_limits(self, client: Any, people: str, faces: list[str]) -> None:
        request = {"CollectionId": people, "Image": {"Bytes": person(1)}}
        everything = client.search_faces_by_image(**request, FaceMatchThreshold=0)
        assert set(found_faces(everything)) == set(faces)
        best = client.search_faces_by_image(**request, FaceMatchThreshold=0, MaxFaces=2)
        assert best["FaceMatches"] == everything["FaceMatches"][:2]

    def test_without_a_face(self, client: Any, people: str, faces: list[str]) -> None:
        message = refused_with(
            "InvalidParameterException",
            client.search_faces_by_image,
            CollectionId=people,
            Image={"Bytes": nobody()},
        )
        assert message == "There are no faces in the image. Should be at least 1."

    def test_an_empty_collection(self, client: Any, people: str) -> None:
        answer = client.search_faces_by_image(CollectionId=people, Image={"Bytes": person(1)})
        assert answer["FaceMatches"] == []

    def test_what_is_indexed_is_found_at_once(self, client: Any, people: str) -> None:
        for number in range(20):
            face = index(client, person(number))
            image = {"Bytes": person(number)}
            answer = client.search_faces_by_image(CollectionId=people, Image=image, MaxFaces=1)
            assert found_faces(answer) == [face]


@pytest.mark.parametrize(
    ("member", "value", "constraint"),
    [
        ("FaceMatchThreshold", -0.5, "value greater than or equal to 0"),
        ("FaceMatchThreshold", 100.5, "value less than or equal to 100"),
        ("MaxFaces", 0, "value greater than or equal to 1"),
        ("MaxFaces", 4097, "value less than or equal to 4096"),
    ],
)
def test_limits_of_face_searches(
    client: Any, people: str, member: str, value: float, constraint: str
) -> None:
    for call, what in (
        (client.search_faces, {"FaceId": UNKNOWN_FACE}),
        (client.search_faces_by_image, {"Image": {"Bytes": person(1)}}),
    ):
        assert constraint in refused_with(
            "ValidationException", call, CollectionId=people, **what, **{member: value}
        )
