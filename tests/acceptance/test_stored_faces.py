"""Faces of a collection: indexing, listing, deleting."""

from typing import Any, get_args

import pytest

from openrekog.models.capabilities import FaceAttributeName
from tests.acceptance.photos import blurred, darkened, head, heads, nobody, person, png
from tests.acceptance.refusals import refused_with

UNKNOWN_FACE = "11111111-2222-3333-4444-555555555555"
INDEXED = {"FaceId", "BoundingBox", "ImageId", "Confidence"}
DEFAULT_DETAIL = {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
EVERY_DETAIL = DEFAULT_DETAIL | {
    "AgeRange",
    "Beard",
    "Emotions",
    "EyeDirection",
    "Eyeglasses",
    "EyesOpen",
    "FaceOccluded",
    "Gender",
    "MouthOpen",
    "Mustache",
    "Smile",
    "Sunglasses",
}
EVERY_ATTRIBUTE = [*get_args(FaceAttributeName)]


def index(client: Any, number: int, **more: Any) -> dict[str, Any]:
    """The face that the fake pack sees in the picture of a person."""
    answer = client.index_faces(CollectionId="people", Image={"Bytes": person(number)}, **more)
    [record] = answer["FaceRecords"]
    face: dict[str, Any] = record["Face"]
    return face


def listed(client: Any, **request: Any) -> list[dict[str, Any]]:
    faces: list[dict[str, Any]] = client.list_faces(CollectionId="people", **request)["Faces"]
    return faces


def ids(faces: list[dict[str, Any]]) -> list[str]:
    return [face["FaceId"] for face in faces]


def test_what_index_faces_answers(client: Any, people: str) -> None:
    answer = client.index_faces(
        CollectionId=people, Image={"Bytes": person(1)}, ExternalImageId="a:b.c-d_1"
    )
    assert set(answer) - {"ResponseMetadata"} == {
        "FaceRecords",
        "FaceModelVersion",
        "UnindexedFaces",
    }
    assert answer["UnindexedFaces"] == []
    described = client.describe_collection(CollectionId=people)
    assert answer["FaceModelVersion"] == described["FaceModelVersion"]
    [record] = answer["FaceRecords"]
    # Neither the user nor the model version: ListFaces tells those.
    assert set(record["Face"]) == INDEXED | {"ExternalImageId"}
    assert record["Face"]["ExternalImageId"] == "a:b.c-d_1"
    assert record["Face"]["BoundingBox"] == record["FaceDetail"]["BoundingBox"]
    assert set(record["FaceDetail"]) == DEFAULT_DETAIL
    assert len(record["FaceDetail"]["Landmarks"]) == 5


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        ([], DEFAULT_DETAIL),
        (["DEFAULT"], DEFAULT_DETAIL),
        (["GENDER"], DEFAULT_DETAIL | {"Gender"}),
        (["DEFAULT", "FACE_OCCLUDED", "AGE_RANGE"], DEFAULT_DETAIL | {"FaceOccluded", "AgeRange"}),
        (["ALL"], EVERY_DETAIL),
        (["DEFAULT", "ALL", "SMILE"], EVERY_DETAIL),
        (EVERY_ATTRIBUTE, EVERY_DETAIL),
    ],
    ids=["none", "default", "one", "several", "all", "all wins", "all one by one"],
)
def test_detection_attributes(
    client: Any, people: str, asked: list[str], members: set[str]
) -> None:
    indexed = client.index_faces(
        CollectionId=people, Image={"Bytes": person(1)}, DetectionAttributes=asked
    )
    assert set(indexed["FaceRecords"][0]["FaceDetail"]) == members
    detected = client.detect_faces(Image={"Bytes": person(1)}, Attributes=asked)
    assert detected["FaceDetails"] == [indexed["FaceRecords"][0]["FaceDetail"]]
    assert len(detected["FaceDetails"][0]["Landmarks"]) == (30 if "ALL" in asked else 5)


def test_the_same_picture_is_not_stored_twice(client: Any, people: str) -> None:
    first = index(client, 1, ExternalImageId="anna")
    assert index(client, 1, ExternalImageId="anna") == first
    other = index(client, 1, ExternalImageId="berta")
    without = index(client, 1)
    assert index(client, 1) == without
    assert len({first["FaceId"], other["FaceId"], without["FaceId"]}) == 3
    assert ids(listed(client)) == [first["FaceId"], other["FaceId"], without["FaceId"]]
    # One ImageId for the same bytes, whatever they are called.
    assert first["ImageId"] == other["ImageId"] == without["ImageId"]
    assert index(client, 2)["ImageId"] != first["ImageId"]


def test_a_deleted_face_can_be_indexed_again(client: Any, people: str) -> None:
    first = index(client, 1, ExternalImageId="anna")
    client.delete_faces(CollectionId=people, FaceIds=[first["FaceId"]])
    again = index(client, 1, ExternalImageId="anna")
    assert again["FaceId"] != first["FaceId"]
    assert ids(listed(client)) == [again["FaceId"]]


def test_a_picture_without_a_face_is_a_success(client: Any, people: str) -> None:
    answer = client.index_faces(CollectionId=people, Image={"Bytes": nobody()})
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])
    assert listed(client) == []


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 256])
def test_external_image_ids_that_are_refused(client: Any, people: str, name: str) -> None:
    message = refused_with(
        "ValidationException",
        client.index_faces,
        CollectionId=people,
        Image={"Bytes": person(1)},
        ExternalImageId=name,
    )
    assert "at 'externalImageId' failed" in message


@pytest.mark.parametrize(
    ("member", "value", "constraint"),
    [
        ("MaxFaces", 0, "Member must have value greater than or equal to 1"),
        ("QualityFilter", "BEST", "enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]"),
        ("DetectionAttributes", ["HAIR"], "at 'detectionAttributes.1.member' failed"),
    ],
)
def test_members_that_are_refused(
    client: Any, people: str, member: str, value: Any, constraint: str
) -> None:
    message = refused_with(
        "ValidationException",
        client.index_faces,
        CollectionId=people,
        Image={"Bytes": person(1)},
        **{member: value},
    )
    assert constraint in message


def test_more_than_a_hundred_faces_may_be_asked_for(client: Any, people: str) -> None:
    assert index(client, 1, MaxFaces=1_000_000)["FaceId"]


def test_what_list_faces_answers(client: Any, people: str) -> None:
    mine, other = index(client, 1, ExternalImageId="anna"), index(client, 2)
    client.create_user(CollectionId=people, UserId="anna")
    client.associate_faces(CollectionId=people, UserId="anna", FaceIds=[mine["FaceId"]])
    version = client.describe_collection(CollectionId=people)["FaceModelVersion"]
    answer = client.list_faces(CollectionId=people)
    assert answer["FaceModelVersion"] == version
    assert answer["Faces"] == [
        {**mine, "IndexFacesModelVersion": version, "UserId": "anna"},
        {**other, "IndexFacesModelVersion": version},
    ]


def test_pages_of_the_list_of_faces(client: Any, people: str) -> None:
    expected = [index(client, number)["FaceId"] for number in range(7)]
    pages: list[list[str]] = []
    request: dict[str, Any] = {"CollectionId": people, "MaxResults": 3}
    while True:
        page = client.list_faces(**request)
        pages.append(ids(page["Faces"]))
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert pages == [expected[:3], expected[3:6], expected[6:]]
    assert ids(listed(client)) == ids(listed(client, MaxResults=0)) == expected


def test_filters_of_the_list_of_faces(client: Any, people: str) -> None:
    faces = [index(client, number)["FaceId"] for number in range(4)]
    client.create_user(CollectionId=people, UserId="anna")
    client.associate_faces(
        CollectionId=people, UserId="anna", FaceIds=faces[:2], UserMatchThreshold=0
    )
    assert ids(listed(client, UserId="anna")) == faces[:2]
    assert ids(listed(client, FaceIds=[faces[3], UNKNOWN_FACE, faces[1]])) == [faces[1], faces[3]]
    assert ids(listed(client, UserId="anna", FaceIds=faces[1:])) == [faces[1]]
    assert listed(client, FaceIds=[UNKNOWN_FACE]) == []
    first = client.list_faces(CollectionId=people, UserId="anna", MaxResults=1)
    assert ids(first["Faces"]) == faces[:1]
    rest = client.list_faces(CollectionId=people, UserId="anna", NextToken=first["NextToken"])
    assert ids(rest["Faces"]) == faces[1:2]
    assert "NextToken" not in rest


def test_a_token_is_good_for_its_own_filter_alone(client: Any, people: str) -> None:
    faces = [index(client, number)["FaceId"] for number in range(2)]
    token = client.list_faces(CollectionId=people, MaxResults=1)["NextToken"]
    client.create_collection(CollectionId="others")
    code = "InvalidPaginationTokenException"
    for request in (
        {"CollectionId": people, "FaceIds": faces},
        {"CollectionId": people, "UserId": "anna"},
        {"CollectionId": "others"},
    ):
        refused_with(code, client.list_faces, NextToken=token, **request)
    refused_with("ValidationException", client.list_faces, CollectionId=people, NextToken="x" * 256)


def test_faces_that_are_deleted_or_not(client: Any, people: str) -> None:
    faces = [index(client, number)["FaceId"] for number in range(3)]
    client.create_user(CollectionId=people, UserId="anna")
    client.associate_faces(CollectionId=people, UserId="anna", FaceIds=[faces[1]])
    answer = client.delete_faces(
        CollectionId=people, FaceIds=[UNKNOWN_FACE, faces[0], faces[1], faces[0]]
    )
    assert answer["DeletedFaces"] == [faces[0]]
    by_face = {failure["FaceId"]: failure for failure in answer["UnsuccessfulFaceDeletions"]}
    assert by_face == {
        UNKNOWN_FACE: {"FaceId": UNKNOWN_FACE, "Reasons": ["FACE_NOT_FOUND"]},
        faces[1]: {
            "FaceId": faces[1],
            "UserId": "anna",
            "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"],
        },
    }
    assert ids(listed(client)) == faces[1:]
    again = client.delete_faces(CollectionId=people, FaceIds=[faces[0]])
    assert again["DeletedFaces"] == []
    assert again["UnsuccessfulFaceDeletions"][0]["Reasons"] == ["FACE_NOT_FOUND"]


def test_a_face_of_another_collection_is_not_deleted(client: Any, people: str) -> None:
    face = index(client, 1)["FaceId"]
    client.create_collection(CollectionId="others")
    answer = client.delete_faces(CollectionId="others", FaceIds=[face])
    assert answer["DeletedFaces"] == []
    assert ids(listed(client)) == [face]


@pytest.mark.parametrize(
    "faces",
    [[], ["not-a-face"], [UNKNOWN_FACE.upper().replace("1", "A")], [UNKNOWN_FACE] * 4097],
    ids=["none", "no uuid", "capitals", "too many"],
)
def test_lists_of_faces_that_are_refused(client: Any, people: str, faces: list[str]) -> None:
    refused_with("ValidationException", client.delete_faces, CollectionId=people, FaceIds=faces)
    refused_with("ValidationException", client.list_faces, CollectionId=people, FaceIds=faces)


class TestWithRealModels:
    """What needs several faces, or good and bad ones, in one picture."""

    @pytest.fixture
    def client(self, real_client: Any) -> Any:
        real_client.create_collection(CollectionId="crowd")
        return real_client

    def index(self, client: Any, picture: bytes, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = client.index_faces(
            CollectionId="crowd", Image={"Bytes": picture}, **more
        )
        return answer

    def widths(self, faces: list[dict[str, Any]], member: str) -> list[float]:
        return [face[member]["BoundingBox"]["Width"] for face in faces]

    def test_faces_come_largest_first(self, client: Any) -> None:
        answer = self.index(client, png(heads(180, 420, 300)), QualityFilter="NONE")
        widths = self.widths(answer["FaceRecords"], "Face")
        assert len(widths) == 3
        assert widths == sorted(widths, reverse=True)
        assert answer["UnindexedFaces"] == []
        # All of one picture, and stored in the same order.
        assert len({record["Face"]["ImageId"] for record in answer["FaceRecords"]}) == 1
        stored = client.list_faces(CollectionId="crowd")["Faces"]
        assert ids(stored) == [record["Face"]["FaceId"] for record in answer["FaceRecords"]]

    def test_the_smallest_are_dropped_beyond_max_faces(self, client: Any) -> None:
        picture = png(heads(180, 420, 300))
        everything = self.index(client, picture, QualityFilter="NONE", ExternalImageId="all")
        answer = self.index(client, picture, QualityFilter="NONE", MaxFaces=1)
        largest = self.widths(everything["FaceRecords"], "Face")[0]
        assert self.widths(answer["FaceRecords"], "Face") == [pytest.approx(largest, abs=1e-4)]
        reasons = [face["Reasons"] for face in answer["UnindexedFaces"]]
        assert reasons == [["EXCEEDS_MAX_FACES"]] * 2
        dropped = self.widths(answer["UnindexedFaces"], "FaceDetail")
        assert dropped == sorted(dropped, reverse=True)
        assert client.describe_collection(CollectionId="crowd")["FaceCount"] == 4

    def test_low_quality_is_dropped_before_the_smallest(self, client: Any) -> None:
        picture = heads(420, 300)
        # The larger one is made too bad to keep.
        left = picture.crop((0, 0, 600, 800))
        picture.paste(blurred(left, 12), (0, 0))
        answer = self.index(client, png(picture), QualityFilter="HIGH", MaxFaces=1)
        [kept] = answer["FaceRecords"]
        assert kept["Face"]["BoundingBox"]["Left"] > 0.5
        for face in answer["UnindexedFaces"]:
            assert "EXCEEDS_MAX_FACES" not in face["Reasons"]

    @pytest.mark.parametrize(
        ("level", "picture", "reason"),
        [
            ("AUTO", lambda: heads(40), "SMALL_BOUNDING_BOX"),
            ("HIGH", lambda: heads(60), "SMALL_BOUNDING_BOX"),
            ("HIGH", lambda: blurred(heads(400), 8), "LOW_SHARPNESS"),
            ("HIGH", lambda: darkened(heads(400), 0.12), "LOW_BRIGHTNESS"),
        ],
        ids=["tiny", "small", "blurred", "dark"],
    )
    def test_reasons_of_the_quality_filter(
        self, client: Any, level: str, picture: Any, reason: str
    ) -> None:
        image = png(picture())
        answer = self.index(client, image, QualityFilter=level)
        assert answer["FaceRecords"] == []
        [dropped] = answer["UnindexedFaces"]
        assert reason in dropped["Reasons"]
        assert set(dropped["FaceDetail"]) == DEFAULT_DETAIL
        unfiltered = self.index(client, image, QualityFilter="NONE")
        assert len(unfiltered["FaceRecords"]) == 1

    @pytest.mark.parametrize("level", ["NONE", "AUTO", "LOW", "MEDIUM", "HIGH"])
    def test_a_good_face_passes_every_level(self, client: Any, level: str) -> None:
        answer = self.index(client, png(head().resize((280, 340))), QualityFilter=level)
        assert len(answer["FaceRecords"]) == 1

    def test_the_filter_is_auto_by_default(self, client: Any) -> None:
        picture = png(heads(40, 400))
        plain = self.index(client, picture)
        auto = self.index(client, picture, QualityFilter="AUTO")
        assert (len(plain["FaceRecords"]), len(plain["UnindexedFaces"])) == (1, 1)
        assert plain["FaceRecords"] == auto["FaceRecords"]
        assert plain["UnindexedFaces"] == auto["UnindexedFaces"]
