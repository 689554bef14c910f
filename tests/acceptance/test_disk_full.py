"""A full disk gives an error, loses nothing, and is forgotten once there is room again."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes in memory, of which three are taken."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    (folder / "ballast").write_bytes(bytes(3 * MIB))
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def store_until_it_fails(client: Any, first: int) -> tuple[dict[str, str], tuple[str, str]]:
    """Names by FaceId of what was acknowledged, and the error that ended it."""
    stored: dict[str, str] = {}
    for number in range(first, first + 5000):
        request = {
            "CollectionId": "people",
            "Image": {"Bytes": person(number % 50)},
            "ExternalImageId": f"{number}-{'x' * 200}",
        }
        try:
            face = client.index_faces(**request)["FaceRecords"][0]["Face"]
        except client.exceptions.ClientError as error:
            told = error.response["Error"]
            return stored, (told["Code"], told["Message"])
        stored[face["FaceId"]] = face["ExternalImageId"]
    raise AssertionError("the disk did not become full")


def listed(client: Any) -> dict[str, str]:
    pages = client.get_paginator("list_faces").paginate(CollectionId="people")
    return {face["FaceId"]: face["ExternalImageId"] for page in pages for face in page["Faces"]}


def check(client: Any, stored: dict[str, str]) -> None:
    assert listed(client) == stored
    assert client.describe_collection(CollectionId="people")["FaceCount"] == len(stored)
    found = client.search_faces_by_image(
        CollectionId="people",
        Image={"Bytes": person(1)},
        FaceMatchThreshold=0,
        MaxFaces=4096,
    )["FaceMatches"]
    assert {match["Face"]["FaceId"] for match in found} == set(stored)


def test_a_full_disk(small_disk: Path) -> None:
    server = ServerProcess(small_disk).start()
    try:
        client = server.client()
        client.create_collection(CollectionId="people")
        stored, (code, message) = store_until_it_fails(client, 0)
        assert (code, message) == (
            "InternalServerError",
            "The server has no room left to store this.",
        )
        assert stored
        # It still answers all that needs no room.
        check(client, stored)
        (small_disk / "ballast").unlink()
        more = client.index_faces(
            CollectionId="people", Image={"Bytes": person(3)}, ExternalImageId="roomy"
        )["FaceRecords"][0]["Face"]
        stored[more["FaceId"]] = "roomy"
        check(client, stored)
        server.kill()
        server.start()
        check(server.client(), stored)
    finally:
        server.close()


def test_a_server_that_dies_on_a_full_disk(small_disk: Path) -> None:
    server = ServerProcess(small_disk).start()
    try:
        client = server.client()
        client.create_collection(CollectionId="people")
        stored, _ = store_until_it_fails(client, 0)
        server.kill()
        server.start()
        check(server.client(), stored)
        server.stop()
        (small_disk / "ballast").unlink()
        server.start()
        check(server.client(), stored)
    finally:
        server.close()


def test_a_file_that_may_not_grow(launch: Any) -> None:
    """The same without root: the system refuses every write beyond two megabytes of a file."""

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))

    server = launch(preexec=limit_files)
    client = server.client()
    client.create_collection(CollectionId="people")
    stored, (code, _) = store_until_it_fails(client, 0)
    assert code == "InternalServerError"
    assert stored
    check(client, stored)
    server.kill()
    server.preexec = None
    server.start()
    client = server.client()
    check(client, stored)
    client.index_faces(CollectionId="people", Image={"Bytes": person(3)})
