"""The AWS command line (version 1, of PyPI) as a process, as in somebody's shell script."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess, clean_environment

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(server: ServerProcess, region: str, tmp_path: Path) -> Any:
    environment = clean_environment() | {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    (tmp_path / "anna.png").write_bytes(person(1))

    def call(operation: str, *arguments: str, fails: bool = False) -> Any:
        done = subprocess.run(
            [AWS, "rekognition", operation, "--endpoint-url", server.url, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stderr if fails else json.loads(done.stdout or "null")

    return call


def test_from_a_collection_to_a_match(aws: Any, region: str) -> None:
    created = aws("create-collection", "--collection-id", "staff", "--tags", "team=blue")
    assert created["StatusCode"] == 200
    staff = ("--collection-id", "staff")
    indexed = aws(
        "index-faces",
        *staff,
        *("--image-bytes", "fileb://anna.png"),
        *("--external-image-id", "anna", "--detection-attributes", "ALL"),
    )
    face = indexed["FaceRecords"][0]["Face"]["FaceId"]
    found = aws(
        "search-faces-by-image",
        *staff,
        *("--image-bytes", "fileb://anna.png", "--face-match-threshold", "90"),
    )
    assert found["FaceMatches"][0]["Face"]["FaceId"] == face
    assert found["FaceMatches"][0]["Face"]["ExternalImageId"] == "anna"
    assert aws("create-user", *staff, "--user-id", "anna") is None
    associated = aws("associate-faces", *staff, "--user-id", "anna", "--face-ids", face)
    assert associated["AssociatedFaces"] == [{"FaceId": face}]
    described = aws("describe-collection", *staff)
    assert (described["FaceCount"], described["UserCount"]) == (1, 1)
    tags = aws("list-tags-for-resource", "--resource-arn", described["CollectionARN"])
    assert tags["Tags"] == {"team": "blue"}


def test_comparing_two_files(aws: Any) -> None:
    answer = aws(
        "compare-faces",
        *("--source-image-bytes", "fileb://anna.png"),
        *("--target-image-bytes", "fileb://anna.png"),
    )
    assert answer["FaceMatches"][0]["Similarity"] > 99


def test_pages_and_a_query(aws: Any) -> None:
    for name in ("a", "b", "c"):
        aws("create-collection", "--collection-id", name)
    names = aws("list-collections", "--page-size", "2", "--query", "CollectionIds")
    assert sorted(names) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        (
            "describe-collection",
            ["--collection-id", "nowhere"],
            "An error occurred (ResourceNotFoundException) when calling the DescribeCollection "
            "operation: The collection id: nowhere does not exist",
        ),
        (
            "create-collection",
            ["--collection-id", "a b"],
            "An error occurred (ValidationException) when calling the CreateCollection operation:",
        ),
    ],
)
def test_errors(aws: Any, operation: str, arguments: list[str], expected: str) -> None:
    assert expected in aws(operation, *arguments, fails=True)
