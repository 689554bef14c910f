"""From one's own pictures to answers: training, starting, detecting and copying in one go."""

from typing import Any

import orjson
import pytest

from openrekog.collections_store.records import NewVersion, Scope
from openrekog.server.operations.project_versions import MOST_VERSIONS
from tests.acceptance.custom_models import Trained, store_of, trained
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import COLOURS, Line, Studio, coloured, outlined, with_squares


@pytest.fixture
def studio(server: ServerProcess, client: Any, region: str) -> Studio:
    return Studio(server, client, f"hosted-{region}")


@pytest.fixture
def model(studio: Studio) -> Trained:
    project = studio.create_project()
    studio.create_dataset("TRAIN", studio.paint(COLOURS, range(6)))
    studio.create_dataset("TEST", studio.paint(COLOURS, range(6, 9)))
    arn = studio.train()
    assert studio.wait(arn)["Status"] == "TRAINING_COMPLETED"
    return Trained(studio.client, project, arn)


def names(model: Trained, data: bytes) -> list[str]:
    asked = {"ProjectVersionArn": model.arn, "Image": {"Bytes": data}}
    return [label["Name"] for label in model.client.detect_custom_labels(**asked)["CustomLabels"]]


def test_what_was_learnt_is_seen_in_new_pictures(studio: Studio, model: Trained) -> None:
    model.start()
    for label in COLOURS:
        assert names(model, coloured(label, 100)) == [label]
    copy = copied(studio, model, "copies")
    copy.start()
    assert names(copy, coloured("green", 100)) == ["green"]


def copied(studio: Studio, model: Trained, prefix: str) -> Trained:
    target = studio.client.create_project(ProjectName="copies")["ProjectArn"]
    answer = studio.client.copy_project_version(
        SourceProjectArn=model.project,
        SourceProjectVersionArn=model.arn,
        DestinationProjectArn=target,
        VersionName="taken",
        OutputConfig={"S3Bucket": studio.out, "S3KeyPrefix": prefix},
    )
    return Trained(studio.client, target, answer["ProjectVersionArn"])


def test_a_copy_has_the_files_of_its_source(studio: Studio, model: Trained) -> None:
    snapshot = model.description()["TestingDataResult"]["Output"]
    assert len(studio.lines(snapshot)) == 9
    [asset] = model.description()["TrainingDataResult"]["Output"]["Assets"]
    place = asset["GroundTruthManifest"]["S3Object"]
    (studio.folder(studio.out) / place["Name"]).unlink()

    copy = copied(studio, model, "copied/")
    found = copy.description()
    assert found["SourceProjectVersionArn"] == model.arn
    assert found["OutputConfig"] == {"S3Bucket": studio.out, "S3KeyPrefix": "copied/"}
    result = found["EvaluationResult"]
    assert result["F1Score"] == model.description()["EvaluationResult"]["F1Score"]
    assert result["Summary"]["S3Object"]["Name"] == "copied/EvaluationSummary-copies-taken.json"
    evaluation = orjson.loads(studio.read(result["Summary"]))
    assert evaluation["EvaluationDetails"]["ProjectVersionArn"] == model.arn
    assert studio.lines(found["TestingDataResult"]["Output"]) == studio.lines(snapshot)
    # What its owner has deleted is not copied.
    assert "Output" not in found["TrainingDataResult"]
    assert "Validation" in found["TrainingDataResult"]

    refused_with(
        "InvalidParameterException",
        studio.client.copy_project_version,
        SourceProjectArn=model.project,
        SourceProjectVersionArn=model.arn,
        DestinationProjectArn=copy.project,
        VersionName="nowhere",
        OutputConfig={"S3Bucket": "no-such-bucket"},
    )
    versions = studio.client.describe_project_versions(ProjectArn=copy.project)
    assert len(versions["ProjectVersionDescriptions"]) == 1


def test_a_project_that_is_full(studio: Studio, region: str) -> None:
    model = trained(studio.server, region)
    target = studio.client.create_project(ProjectName="full")["ProjectArn"]
    with store_of(studio.server.data_dir) as store, store.write() as rows:
        project = rows.projects.named(Scope("000000000000", region), "full")
        for number in range(MOST_VERSIONS - 1):
            rows.versions.create(project, NewVersion(f"v{number}", "{}", "TRAINING_FAILED"))
    request = {
        "SourceProjectArn": model.project,
        "SourceProjectVersionArn": model.arn,
        "DestinationProjectArn": target,
        "OutputConfig": {"S3Bucket": studio.out},
    }
    studio.client.copy_project_version(VersionName="last", **request)
    one_more = {"VersionName": "one-more", **request}
    refused_with("LimitExceededException", studio.client.copy_project_version, **one_more)


def boxed(studio: Studio, number: int) -> Line:
    """The line of a manifest for a picture with squares."""
    data, boxes = with_squares(number)
    return outlined(studio.put(f"squares-{number}.png", data), boxes)


def test_objects_are_found_where_they_are(studio: Studio) -> None:
    project = studio.create_project("squares")
    studio.create_dataset("TRAIN", [boxed(studio, number) for number in range(8)])
    studio.create_dataset("TEST", [boxed(studio, number) for number in range(8, 11)])
    arn = studio.train()
    found = studio.wait(arn)
    assert found["Status"] == "TRAINING_COMPLETED", found
    model = Trained(studio.client, project, arn).start()
    data, boxes = with_squares(17)
    answer = model.client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": data})
    labels = {label["Name"]: label for label in answer["CustomLabels"]}
    assert labels.keys() == boxes.keys()
    for name, box in boxes.items():
        assert labels[name].keys() == {"Name", "Confidence", "Geometry"}
        assert overlap(labels[name]["Geometry"]["BoundingBox"], box) > 0.5


def overlap(told: dict[str, float], box: tuple[int, int, int, int]) -> float:
    """Intersection over union with a box in pixels of a picture of 240 x 200."""
    left, top, width, height = box
    found = (told["Left"] * 240, told["Top"] * 200, told["Width"] * 240, told["Height"] * 200)
    across = min(left + width, found[0] + found[2]) - max(left, found[0])
    down = min(top + height, found[1] + found[3]) - max(top, found[1])
    shared = max(0.0, across) * max(0.0, down)
    return shared / (width * height + found[2] * found[3] - shared)
