"""Searches by a stored face, a user and a picture; and the promise that they find the person."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageEnhance, ImageOps

from tests.acceptance.photos import (
    astronaut,
    heads,
    jpeg,
    nobody,
    person,
    photograph,
    png,
)
from tests.acceptance.refusals import refused_with

UNKNOWN_FACE = "11111111-2222-3333-4444-555555555555"
MATCHED = {"FaceId", "BoundingBox", "ImageId", "Confidence", "IndexFacesModelVersion"}


def index(client: Any, picture: bytes, **more: Any) -> str:
    answer = client.index_faces(CollectionId="people", Image={"Bytes": picture}, **more)
    found: str = answer["FaceRecords"][0]["Face"]["FaceId"]
    return found


def found_faces(answer: dict[str, Any]) -> list[str]:
    return [match["Face"]["FaceId"] for match in answer["FaceMatches"]]


def found_users(answer: dict[str, Any]) -> list[str]:
    return [match["User"]["UserId"] for match in answer["UserMatches"]]


def make_user(client: Any, name: str, *faces: str) -> None:
    client.create_user(CollectionId="people", UserId=name)
    if faces:
        client.associate_faces(
            CollectionId="people", UserId=name, FaceIds=faces, UserMatchThreshold=0
        )


@pytest.fixture
def faces(client: Any, people: str) -> list[str]:
    """The first two are of one picture, saved twice; the other three are like nothing else."""
    cat = photograph("chelsea.png")
    pictures = [jpeg(cat, quality=95), jpeg(cat, quality=70), person(1), person(2), person(3)]
    return [index(client, picture) for picture in pictures]


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


class TestWithRealModels:
    @pytest.fixture
    def crowd(self, real_client: Any) -> Any:
        real_client.create_collection(CollectionId="people")
        return real_client

    def test_only_the_largest_face_is_searched(self, crowd: Any) -> None:
        index(crowd, jpeg(astronaut()))
        image = {"Bytes": png(heads(150, 400, 260))}
        by_face = crowd.search_faces_by_image(CollectionId="people", Image=image)
        details = crowd.detect_faces(Image=image)["FaceDetails"]
        assert len(details) == 3
        largest = max(details, key=lambda detail: detail["BoundingBox"]["Width"])
        assert by_face["SearchedFaceBoundingBox"] == largest["BoundingBox"]
        by_user = crowd.search_users_by_image(CollectionId="people", Image=image)
        assert by_user["SearchedFace"]["FaceDetail"]["BoundingBox"] == largest["BoundingBox"]
        reasons = [face["Reasons"] for face in by_user["UnsearchedFaces"]]
        assert reasons == [["FACE_NOT_LARGEST"]] * 2

    def test_faces_below_the_quality_filter_are_not_searched(self, crowd: Any) -> None:
        image = {"Bytes": png(heads(40))}
        request = {"CollectionId": "people", "Image": image, "QualityFilter": "HIGH"}
        refused_with("InvalidParameterException", crowd.search_faces_by_image, **request)
        by_user = crowd.search_users_by_image(**request)
        assert "SearchedFace" not in by_user
        [unsearched] = by_user["UnsearchedFaces"]
        assert "SMALL_BOUNDING_BOX" in unsearched["Reasons"]
        # The filter is NONE by default.
        crowd.search_faces_by_image(CollectionId="people", Image=image)

    def test_a_face_is_found_in_changed_pictures(self, crowd: Any) -> None:
        face = index(crowd, jpeg(astronaut()))
        for name in ("coffee.png", "rocket.jpg"):
            answer = crowd.index_faces(
                CollectionId="people", Image={"Bytes": jpeg(photograph(name))}
            )
            assert answer["FaceRecords"] == []
        variants = {
            "small": astronaut().resize((256, 256)),
            "mirrored": ImageOps.mirror(astronaut()),
            "dark": ImageEnhance.Brightness(astronaut()).enhance(0.5),
            "grey": astronaut().convert("L"),
            "turned": astronaut().rotate(20),
        }
        for name, picture in variants.items():
            answer = crowd.search_faces_by_image(
                CollectionId="people", Image={"Bytes": jpeg(picture, quality=80)}
            )
            assert found_faces(answer) == [face], name
            assert answer["FaceMatches"][0]["Similarity"] > 90, name


class TestThePromise:
    """Index photographs of several people, restart the server, find who is in a new one."""

    def test_the_right_person_is_found(self, real_models: None, launch: Any) -> None:
        people = labelled_people(12) or {"Eileen": eileen()}
        server = launch(packs=[])
        client = server.client()
        client.create_collection(CollectionId="people")
        for name, (known, _) in people.items():
            index(client, known, ExternalImageId=name)
        assert server.stop() == 0
        server.start()
        for name, (_, new) in people.items():
            answer = client.search_faces_by_image(CollectionId="people", Image={"Bytes": new})
            assert answer["FaceMatches"], name
            assert answer["FaceMatches"][0]["Face"]["ExternalImageId"] == name


def labelled_people(most: int) -> dict[str, tuple[bytes, bytes]]:
    """Two photographs each of several people, from the labelled data if this machine has it."""
    folder = os.environ.get("ACCURACY_DATA")
    if folder is None:
        return {}
    faces = Path(folder) / "faces"
    people: dict[str, tuple[bytes, bytes]] = {}
    with (faces / "lfw_pairs.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            one, other = faces / row["file_a"], faces / row["file_b"]
            if row["same"] == "1" and len(people) < most:
                people.setdefault(one.parent.name, (one.read_bytes(), other.read_bytes()))
    return people


def eileen() -> tuple[bytes, bytes]:
    changed = ImageOps.mirror(astronaut()).rotate(10).resize((300, 300))
    return jpeg(astronaut()), jpeg(ImageEnhance.Brightness(changed).enhance(0.7), quality=75)
