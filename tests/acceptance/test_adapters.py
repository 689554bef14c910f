"""Moderation adapters: trained by CreateProjectVersion, asked by DetectModerationLabels."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import PIL.Image
import pytest

from openrekog.collections_store.records import NewVersion, Scope
from openrekog.server.services import open_store
from openrekog.server.settings import Settings
from tests.acceptance.custom_models import change_version
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import Line, Studio

UNKNOWN = "arn:aws:rekognition:us-east-1:000000000000:project/a/version/b/1700000000000"

# The fake pack takes red for explicit. Dark red at the right is safe, and teal is gambling.
HALVES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "safe": ((255, 10, 10), (150, 0, 0)),
    "explicit": ((230, 0, 0), (230, 0, 0)),
    "gambling": ((0, 160, 160), (0, 120, 160)),
    "blue": ((20, 20, 200), (20, 20, 200)),
}
TRUTH = {"safe": [], "explicit": ["Explicit Nudity"], "gambling": ["Gambling"], "blue": []}


def halves(kind: str, number: int) -> bytes:
    noise = np.random.default_rng(number).integers(-12, 13, (8, 8, 3))
    pixels = np.repeat(np.array([HALVES[kind]]), 4, axis=1).repeat(8, axis=0) + noise
    picture = PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).resize((96, 96))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def line(studio: Studio, kind: str, number: int) -> Line:
    labels = [{"Name": name} for name in TRUTH[kind]]
    return {
        "source-ref": studio.put(f"{kind}-{number}.png", halves(kind, number)),
        "content-moderation-groundtruth": {"ModerationLabels": labels},
    }


@pytest.fixture
def studio(server: ServerProcess, client: Any, region: str) -> Studio:
    studio = Studio(server, client, f"adapters-{region}")
    studio.create_project("adapters", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED")
    return studio


def trained(studio: Studio) -> str:
    lines = [line(studio, kind, number) for kind in HALVES for number in range(8)]
    tests = [line(studio, kind, number) for kind in HALVES for number in range(8, 11)]
    version = studio.train(
        TrainingData=studio.manifest("train.manifest", lines),
        TestingData=studio.manifest("test.manifest", tests),
    )
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_COMPLETED", found
    return version


def asked(client: Any, kind: str, **request: Any) -> dict[str, float]:
    image = {"Bytes": halves(kind, 99)}
    answer = client.detect_moderation_labels(Image=image, **request)
    return {label["Name"]: label["Confidence"] for label in answer["ModerationLabels"]}


def test_an_adapter_raises_what_was_missed_and_lowers_false_alarms(studio: Studio) -> None:
    client, version = studio.client, trained(studio)
    description = studio.describe(version)
    assert (description["Feature"], description["BaseModelVersion"]) == (
        "CONTENT_MODERATION",
        "7.0",
    )
    assert {"Explicit Nudity", "Explicit"} <= asked(client, "safe").keys()
    assert asked(client, "gambling") == {}
    assert asked(client, "safe", ProjectVersion=version) == {}
    assert {"Gambling"} == asked(client, "gambling", ProjectVersion=version).keys()
    explicit = asked(client, "explicit", ProjectVersion=version)
    assert {"Explicit Nudity", "Explicit"} <= explicit.keys()
    answer = client.detect_moderation_labels(
        Image={"Bytes": halves("blue", 99)}, ProjectVersion=version
    )
    assert answer["ProjectVersion"] == version
    assert answer["ModerationLabels"] == []
