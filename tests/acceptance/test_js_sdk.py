"""The AWS SDK for JavaScript (version 3, of npm) under Node, against a running server."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess, clean_environment

PACKAGE = "@aws-sdk/client-rekognition"
VERSION = "3.1141.0"
PROGRAM = Path(__file__).with_name("js") / "client.mjs"

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="no node or npm"
)


@pytest.fixture(scope="module")
def sdk() -> Path:
    """The folder with the SDK, outside the repository, filled on the first run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "openrekog" / f"js-sdk-{VERSION}"
    if not (folder / "node_modules" / PACKAGE / "package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--prefix",
                folder,
                f"{PACKAGE}@{VERSION}",
            ],
            check=True,
            capture_output=True,
            timeout=240,
        )
    return folder


@pytest.fixture(scope="module")
def seen(
    sdk: Path, server: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    picture = tmp_path_factory.mktemp("js") / "anna.png"
    picture.write_bytes(person(1))
    done = subprocess.run(
        ["node", PROGRAM, sdk, server.url, "js-sdk", picture],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_answers(seen: dict[str, Any]) -> None:
    assert seen["created"]["status"] == 200
    assert len(seen["created"]["requestId"]) == 36
    assert seen["landmarks"] == 30
    assert seen["associated"] == 1
    assert seen["found"] == [True]
    assert seen["users"] == ["anna"]
    assert seen["emptyAnswer"] == ["$metadata"]


def test_timestamps_are_dates(seen: dict[str, Any]) -> None:
    assert seen["timestamp"]["isDate"] is True
    assert -2 < seen["timestamp"]["age"] < 60


def test_the_paginator(seen: dict[str, Any]) -> None:
    assert seen["pages"] == [2, 1]


@pytest.mark.parametrize(
    ("case", "name", "message"),
    [
        (
            "notFound",
            "ResourceNotFoundException",
            "The collection id: nowhere does not exist",
        ),
        (
            "exists",
            "ResourceAlreadyExistsException",
            "The collection id: people already exists.",
        ),
        ("format", "InvalidImageFormatException", "Request has invalid image format"),
    ],
)
def test_typed_errors(seen: dict[str, Any], case: str, name: str, message: str) -> None:
    error = seen[case]
    assert (error["name"], error["message"], error["typed"]) == (name, message, True)
    assert (error["status"], error["attempts"]) == (400, 1)
    assert len(error["requestId"]) == 36


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("validation", "ValidationException"),
        ("tooLarge", "ValidationException"),
        ("unknown", "UnknownOperationException"),
    ],
)
def test_errors_of_the_framework(seen: dict[str, Any], case: str, name: str) -> None:
    error = seen[case]
    assert (error["name"], error["service"], error["status"]) == (name, True, 400)
