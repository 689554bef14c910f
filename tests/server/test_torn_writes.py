"""Whatever breaks in the middle of a write, all of it has happened or nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import structlog
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import Engine, event

from openrekog.collections_store.errors import StorageFull
from tests.acceptance.photos import person
from tests.server.conftest import Line

MOST_STEPS = 60


class Breaker:
    """Fails one of the statements and commits that threads of requests do, as a full disk would."""

    def __init__(self) -> None:
        self.left: int | None = None

    def step(self, *_: Any) -> None:
        if self.left is None or not threading.current_thread().name.startswith("request_"):
            return
        self.left -= 1
        if self.left == 0:
            raise StorageFull("broken by a test")

    @contextmanager
    def at(self, number: int) -> Iterator[None]:
        self.left = number
        try:
            yield
        finally:
            self.left = None


@pytest.fixture(scope="module")
def breaker() -> Iterator[Breaker]:
    made = Breaker()
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, made.step)
    yield made
    for moment in ("before_cursor_execute", "commit"):
        event.remove(Engine, moment, made.step)


@pytest.fixture(scope="module")
def client(fake_server: Line) -> Iterator[Any]:
    client = boto3.client(
        "rekognition",
        endpoint_url=f"http://127.0.0.1:{fake_server.port}",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def seen(client: Any) -> dict[str, Any]:
    """All that a client can learn of the collections, from rows and from indexes."""
    return {name: seen_in(client, name) for name in client.list_collections()["CollectionIds"]}


def seen_in(client: Any, name: str) -> dict[str, Any]:
    here = {"CollectionId": name}
    image = {**here, "Image": {"Bytes": person(0)}}
    described = client.describe_collection(**here)
    found = client.search_faces_by_image(**image, FaceMatchThreshold=0)["FaceMatches"]
    users = client.search_users_by_image(**image, UserMatchThreshold=0)["UserMatches"]
    return {
        "counts": (described["FaceCount"], described["UserCount"]),
        "tags": client.list_tags_for_resource(ResourceArn=described["CollectionARN"])["Tags"],
        "faces": client.list_faces(**here)["Faces"],
        "users": client.list_users(**here)["Users"],
        "found": {match["Face"]["FaceId"]: match["Similarity"] for match in found},
        "found users": {match["User"]["UserId"]: match["Similarity"] for match in users},
    }


def outcome(write: Callable[..., Any], request: dict[str, Any]) -> str:
    try:
        write(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


def test_every_write_is_whole_or_not_at_all(client: Any, breaker: Breaker) -> None:
    for write, request in writes(client):
        before = seen(client)
        for number in range(1, MOST_STEPS):
            with structlog.testing.capture_logs(), breaker.at(number):
                found = outcome(write, request)
            if found == "OK":
                break
            assert found == "InternalServerError"
            assert seen(client) == before, (write.__name__, number)
        assert number > 3, "nothing broke"
        # And the token of a request that broke was still unused.
        assert seen(client) != before, write.__name__


def writes(client: Any) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Each is asked for when the one before has been done."""
    here = {"CollectionId": "staff"}
    yield client.create_collection, {**here, "Tags": {"team": "blue", "site": "north"}}
    for number in range(5):
        client.index_faces(**here, Image={"Bytes": person(number)})
    yield client.index_faces, {**here, "Image": {"Bytes": person(5)}}
    faces = [face["FaceId"] for face in client.list_faces(**here)["Faces"]]
    anna = {**here, "UserId": "anna", "ClientRequestToken": "token"}
    yield client.create_user, anna
    yield client.associate_faces, {**anna, "FaceIds": faces[:4], "UserMatchThreshold": 0}
    yield client.disassociate_faces, {**anna, "FaceIds": faces[:2]}
    yield client.delete_faces, {**here, "FaceIds": [*faces[:2], faces[4]]}
    yield client.delete_user, anna
    arn = client.describe_collection(**here)["CollectionARN"]
    yield client.tag_resource, {"ResourceArn": arn, "Tags": {"team": "red", "floor": "3"}}
    yield client.untag_resource, {"ResourceArn": arn, "TagKeys": ["team", "site"]}
    yield client.delete_collection, here
