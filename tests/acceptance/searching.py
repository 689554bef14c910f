"""What tests of searches share: faces in a collection, and who is found."""

from typing import Any

from tests.acceptance.photos import (
    jpeg,
    person,
    photograph,
)

UNKNOWN_FACE = "11111111-2222-3333-4444-555555555555"


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


def five_faces(client: Any) -> list[str]:
    """The first two are of one picture, saved twice; the other three are like nothing else."""
    cat = photograph("chelsea.png")
    pictures = [jpeg(cat, quality=95), jpeg(cat, quality=70), person(1), person(2), person(3)]
    return [index(client, picture) for picture in pictures]
