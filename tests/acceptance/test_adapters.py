"""Moderation adapters: trained by CreateProjectVersion, asked by DetectModerationLabels."""

import io
import time
from typing import Any

import numpy as np
import orjson
import PIL.Image
import pytest

from openrekog.collections_store.records import VersionStatus
from openrekog.models.custom.adapter import adapter_graph
from openrekog.models.custom.model_file import ModelFile, write
from tests.acceptance.custom_models import put_version
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
TRUTH: dict[str, list[str]] = {
    "safe": [],
    "explicit": ["Explicit Nudity"],
    "gambling": ["Gambling"],
    "blue": [],
}


def halves(kind: str, number: int) -> bytes:
    noise = np.random.default_rng(number).integers(-12, 13, (8, 8, 3))
    pixels = np.repeat(np.array([HALVES[kind]]), 4, axis=1).repeat(8, axis=0) + noise
    picture = PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).resize((96, 96))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


PLANNED = 62.5
"""The confidence from which on labels are to be believed, so that metrics are those at it."""


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
        FeatureConfig={"ContentModeration": {"ConfidenceThreshold": PLANNED}},
    )
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_COMPLETED", found
    return version


def asked(client: Any, kind: str, **request: Any) -> dict[str, float]:
    image = {"Bytes": halves(kind, 99)}
    answer = client.detect_moderation_labels(Image=image, **request)
    return {label["Name"]: label["Confidence"] for label in answer["ModerationLabels"]}


def of_other_features() -> bytes:
    """A model file as a server with another pack leaves it."""
    weights = {"examples": np.ones((4, 1)), "steepness": np.ones(1), "weights": np.ones((1, 1))}
    file = ModelFile("adapter", ("Gambling",), "features of former days", weights)
    return write(file, adapter_graph(1, 4))


def test_an_adapter_raises_what_was_missed_and_lowers_false_alarms(studio: Studio) -> None:
    client, version = studio.client, trained(studio)
    description = studio.describe(version)
    assert (description["Feature"], description["BaseModelVersion"]) == (
        "CONTENT_MODERATION",
        "7.0",
    )
    assert description["FeatureConfig"]["ContentModeration"]["ConfidenceThreshold"] == PLANNED
    summary = orjson.loads(studio.read(description["EvaluationResult"]["Summary"]))
    found = {each["Metrics"]["Threshold"] for each in summary["LabelEvaluationResults"]}
    assert found == {PLANNED / 100}
    explicit = {"Explicit Nudity", "Explicit"}
    assert explicit <= asked(client, "safe").keys()
    assert asked(client, "gambling") == {}
    assert asked(client, "safe", ProjectVersion=version) == {}
    assert asked(client, "gambling", ProjectVersion=version).keys() == {"Gambling"}
    assert explicit <= asked(client, "explicit", ProjectVersion=version).keys()
    blue = {"Bytes": halves("blue", 99)}
    answer = client.detect_moderation_labels(Image=blue, ProjectVersion=version)
    assert (answer["ProjectVersion"], answer["ModerationLabels"]) == (version, [])
    assert bulk(studio, version) == {"safe": set(), "gambling": {"Gambling"}}


def bulk(studio: Studio, version: str) -> dict[str, set[str]]:
    """The names that a bulk job finds in a picture of each kind."""
    refs = {studio.put(f"new-{kind}.png", halves(kind, 99)): kind for kind in ("safe", "gambling")}
    lines = b"\n".join(orjson.dumps({"source-ref": ref}) for ref in refs)
    studio.put("bulk.manifest", lines)
    started = studio.client.start_media_analysis_job(
        OperationsConfig={"DetectModerationLabels": {"ProjectVersion": version}},
        Input={"S3Object": {"Bucket": studio.name, "Name": "bulk.manifest"}},
        OutputConfig={"S3Bucket": studio.out, "S3KeyPrefix": "bulk/"},
    )
    give_up = time.monotonic() + 60
    while "Results" not in (found := studio.client.get_media_analysis_job(JobId=started["JobId"])):
        assert found["Status"] in ("QUEUED", "IN_PROGRESS"), found
        assert time.monotonic() < give_up
        time.sleep(0.1)
    answers = map(orjson.loads, studio.read(found["Results"]).splitlines())
    return {
        refs[answer["source-ref"]]: {
            label["Name"] for label in answer["detect-moderation-labels"]["ModerationLabels"]
        }
        for answer in answers
    }


@pytest.mark.parametrize("status", ["TRAINING_IN_PROGRESS", "TRAINING_FAILED"])
def test_an_adapter_that_is_not_trained(
    server: ServerProcess, studio: Studio, status: VersionStatus
) -> None:
    version = put_version(server, studio.project, status=status)
    ask = {"Image": {"Bytes": halves("blue", 0)}, "ProjectVersion": version}
    refused_with("ResourceNotReadyException", studio.client.detect_moderation_labels, **ask)


def test_an_adapter_that_is_not_there(server: ServerProcess, studio: Studio, region: str) -> None:
    version = put_version(server, studio.project)
    elsewhere = version.replace(region, "eu-south-9")
    stranger = version.replace(version.split(":")[4], "999999999999")
    for arn in (UNKNOWN, elsewhere, stranger):
        ask = {"Image": {"Bytes": halves("blue", 0)}, "ProjectVersion": arn}
        refused_with("ResourceNotFoundException", studio.client.detect_moderation_labels, **ask)


def test_a_model_that_is_no_adapter(server: ServerProcess, client: Any) -> None:
    project = client.create_project(ProjectName="labels")["ProjectArn"]
    ask = {"Image": {"Bytes": halves("blue", 0)}, "ProjectVersion": put_version(server, project)}
    refused_with("InvalidParameterException", client.detect_moderation_labels, **ask)


def test_an_expired_adapter_leaves_the_word_to_the_base_model(
    server: ServerProcess, studio: Studio
) -> None:
    version = put_version(server, studio.project, content=of_other_features())
    for _ in range(2):
        image = {"Bytes": halves("explicit", 0)}
        answer = studio.client.detect_moderation_labels(Image=image, ProjectVersion=version)
        assert "ProjectVersion" not in answer
        assert "Explicit" in [label["Name"] for label in answer["ModerationLabels"]]
        described = studio.describe(version)
        assert described["Status"] == "EXPIRED"
        assert "features of former days" in described["StatusMessage"]
    studio.put("bulk.manifest", b"{}")
    refused_with(
        "ResourceNotReadyException",
        studio.client.start_media_analysis_job,
        OperationsConfig={"DetectModerationLabels": {"ProjectVersion": version}},
        Input={"S3Object": {"Bucket": studio.name, "Name": "bulk.manifest"}},
        OutputConfig={"S3Bucket": studio.out},
    )


def test_a_damaged_adapter_is_not_ready(server: ServerProcess, studio: Studio) -> None:
    version = put_version(server, studio.project, content=of_other_features()[:-40])
    ask = {"Image": {"Bytes": halves("blue", 0)}, "ProjectVersion": version}
    refused_with("ResourceNotReadyException", studio.client.detect_moderation_labels, **ask)
