"""Training versions: from datasets and manifests to a model that is evaluated and described."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import COLOURS, Studio


@pytest.fixture
def studio(server: ServerProcess, client: Any, region: str) -> Studio:
    return Studio(server, client, f"studio-{region}")


def test_a_training_from_datasets(studio: Studio) -> None:
    project = studio.create_project()
    studio.create_dataset("TRAIN", studio.paint(COLOURS, range(6)))
    studio.create_dataset("TEST", studio.paint(COLOURS, range(6, 9)))
    before = datetime.now(UTC)
    version = studio.train(VersionDescription="first", Tags={"team": "blue"})
    assert version.startswith(f"{project.rsplit('/', 1)[0]}/version/v1/")
    waiting = studio.describe(version)
    assert waiting["Status"] in ("TRAINING_IN_PROGRESS", "TRAINING_COMPLETED")
    studio.client.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    found = studio.describe(version)
    created, ended = found.pop("CreationTimestamp"), found.pop("TrainingEndTimestamp")
    assert before <= created <= ended <= datetime.now(UTC)
    base = "trained/colours/v1"

    def place(name: str) -> dict[str, Any]:
        return {"S3Object": {"Bucket": studio.out, "Name": name}}

    def manifest(name: str) -> dict[str, Any]:
        return {"Assets": [{"GroundTruthManifest": place(f"{base}/{name}")}]}

    assert 0 <= found.pop("BillableTrainingTimeInSeconds") < 60
    assert found == {
        "ProjectVersionArn": version,
        "Status": "TRAINING_COMPLETED",
        "StatusMessage": "The model is ready to run.",
        "Feature": "CUSTOM_LABELS",
        "VersionDescription": "first",
        "OutputConfig": {"S3Bucket": studio.out, "S3KeyPrefix": "trained/"},
        "TrainingDataResult": {
            "Output": manifest("training.manifest"),
            "Validation": manifest("training_manifest_with_validation.json"),
        },
        "TestingDataResult": {
            "Output": manifest("testing.manifest"),
            "Validation": manifest("testing_manifest_with_validation.json"),
        },
        "ManifestSummary": place(f"{base}/manifest_summary.json"),
        "EvaluationResult": {
            "F1Score": 1.0,
            "Summary": place("trained/EvaluationSummary-colours-v1.json"),
        },
    }
    summary = orjson.loads(studio.read(found["EvaluationResult"]["Summary"]))
    details = summary["EvaluationDetails"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (18, 9)
    assert sorted(details["Labels"]) == sorted(COLOURS)
    assert len(studio.lines(found["TestingDataResult"]["Output"])) == 9
    assert len(studio.lines(found["TrainingDataResult"]["Output"])) == 18


def test_a_training_from_manifests(studio: Studio) -> None:
    studio.create_project()
    training = studio.manifest("train.manifest", studio.paint(COLOURS, range(5)))
    testing = studio.manifest("test.manifest", studio.paint(COLOURS, range(5, 7)))
    found = studio.wait(studio.train(TrainingData=training, TestingData=testing))
    assert found["Status"] == "TRAINING_COMPLETED", found
    assert found["TrainingDataResult"]["Input"] == training
    assert found["TestingDataResult"]["Input"] == testing
    assert len(studio.lines(found["TrainingDataResult"]["Output"])) == 15
    assert found["EvaluationResult"]["F1Score"] == 1.0
    # The files are manifests themselves, to train with once more.
    again = studio.wait(
        studio.train(
            "v2",
            TrainingData=found["TrainingDataResult"]["Output"],
            TestingData=found["TestingDataResult"]["Validation"],
        )
    )
    assert again["EvaluationResult"]["F1Score"] == 1.0, again
    names = [each["ProjectVersionArn"].split("/")[-2] for each in versions(studio)]
    assert names == ["v2", "v1"]
    [page] = studio.client.describe_project_versions(ProjectArn=studio.project, MaxResults=1)[
        "ProjectVersionDescriptions"
    ]
    assert page["ProjectVersionArn"] == again["ProjectVersionArn"]


def versions(studio: Studio) -> list[Any]:
    pages = studio.client.get_paginator("describe_project_versions").paginate(
        ProjectArn=studio.project, PaginationConfig={"PageSize": 1}
    )
    return [each for page in pages for each in page["ProjectVersionDescriptions"]]


@pytest.mark.parametrize("asked", [True, False], ids=["AutoCreate", "a single dataset"])
def test_a_fifth_is_kept_for_testing(studio: Studio, *, asked: bool) -> None:
    studio.create_project()
    lines = studio.paint(COLOURS, range(10))
    if asked:
        data = studio.manifest("all.manifest", lines)
        version = studio.train(TrainingData=data, TestingData={"AutoCreate": True})
    else:
        studio.create_dataset("TRAIN", lines)
        version = studio.train()
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_COMPLETED", found
    learnt = studio.lines(found["TrainingDataResult"]["Output"])
    tested = studio.lines(found["TestingDataResult"]["Output"])
    assert (len(learnt), len(tested)) == (24, 6)
    refs = {line["source-ref"] for line in lines}
    assert {line["source-ref"] for line in (*learnt, *tested)} == refs
    for colour in COLOURS:
        assert sum(colour in line["source-ref"] for line in tested) == 2


def test_a_version_lives_until_it_is_deleted(studio: Studio) -> None:
    project = studio.create_project()
    studio.create_dataset("TRAIN", studio.paint(COLOURS, range(5)))
    version = studio.train(Tags={"a": "b"})
    studio.wait(version)
    client = studio.client
    assert client.list_tags_for_resource(ResourceArn=version)["Tags"] == {"a": "b"}
    refused_with("ResourceInUseException", studio.train)
    refused_with("ResourceInUseException", client.delete_project, ProjectArn=project)
    assert client.delete_project_version(ProjectVersionArn=version)["Status"] == "DELETING"
    assert versions(studio) == []
    code = "ResourceNotFoundException"
    refused_with(code, client.delete_project_version, ProjectVersionArn=version)
    refused_with(code, client.list_tags_for_resource, ResourceArn=version)
    again = studio.train()
    assert again != version
    studio.wait(again)
    assert client.list_tags_for_resource(ResourceArn=again)["Tags"] == {}
    client.delete_project_version(ProjectVersionArn=again)
    client.delete_project(ProjectArn=project)


def test_what_terraform_does_with_a_project(studio: Studio) -> None:
    """The provider's calls for the resource aws_rekognition_project, with their order."""
    client, both = studio.client, ["CUSTOM_LABELS", "CONTENT_MODERATION"]
    for more in ({}, {"Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED"}):
        arn = client.create_project(ProjectName="terraform", Tags={"Name": "x"}, **more)[
            "ProjectArn"
        ]
        for _ in range(2):
            [found] = client.describe_projects(ProjectNames=["terraform"], Features=both)[
                "ProjectDescriptions"
            ]
            assert (found["ProjectArn"], found["Status"]) == (arn, "CREATED")
        assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"Name": "x"}
        assert client.describe_project_versions(ProjectArn=arn)["ProjectVersionDescriptions"] == []
        assert client.delete_project(ProjectArn=arn)["Status"] == "DELETING"
        wanted = {"ProjectNames": ["terraform"], "Features": both}
        assert client.describe_projects(**wanted)["ProjectDescriptions"] == []
