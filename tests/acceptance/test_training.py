"""Training versions: from datasets and manifests to a model that is evaluated and described."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

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
