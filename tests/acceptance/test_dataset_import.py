"""From a folder of pictures to a model by the commands and the API, beside a running server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from openrekog.server.cli import app
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import COLOURS, coloured

Run = Callable[..., Result]


@pytest.fixture
def run(server: ServerProcess, region: str) -> Run:
    """A command as a user of the client's region runs it, in this process."""

    def do(*arguments: str | Path) -> Result:
        words = [*map(str, arguments), "--data-dir", str(server.data_dir)]
        return CliRunner().invoke(app, words, env={"AWS_REGION": region})

    return do


def paint(folder: Path, numbers: range) -> Path:
    for label in COLOURS:
        (folder / label).mkdir(parents=True)
        for number in numbers:
            (folder / label / f"{number}.png").write_bytes(coloured(label, number))
    return folder


def test_from_a_folder_to_a_model(
    run: Run, server: ServerProcess, client: Any, region: str, tmp_path: Path
) -> None:
    paint(tmp_path / "paints" / "train", range(6))
    paint(tmp_path / "paints" / "test", range(6, 9))
    done = run("datasets", "import", tmp_path / "paints", "--project", "paints")
    assert done.exit_code == 0, done.stderr
    [project] = client.describe_projects(ProjectNames=["paints"])["ProjectDescriptions"]
    arn = project["ProjectArn"]
    assert f"--project-arn {arn}" in done.stdout
    client.create_project_version(
        ProjectArn=arn,
        VersionName="v1",
        OutputConfig={"S3Bucket": "custom-labels", "S3KeyPrefix": "results"},
    )
    watched = run("projects", "watch", "paints/v1")
    assert watched.exit_code == 0, watched.stderr
    report = "results/EvaluationReport-paints-v1.html"
    assert watched.stdout.splitlines() == [
        "v1: TRAINING_COMPLETED  F1 1.0000. The model is ready to run.",
        f"  s3://custom-labels/{report}",
        "  s3://custom-labels/results/EvaluationSummary-paints-v1.json",
    ]
    html = (server.data_dir / "buckets" / "custom-labels" / report).read_text()
    assert "<title>paints v1: evaluation</title>" in html
    # A copy brings its report along, under its own name.
    [version] = client.describe_project_versions(ProjectArn=arn)["ProjectVersionDescriptions"]
    client.copy_project_version(
        SourceProjectArn=arn,
        SourceProjectVersionArn=version["ProjectVersionArn"],
        DestinationProjectArn=arn,
        VersionName="v2",
        OutputConfig={"S3Bucket": "custom-labels", "S3KeyPrefix": "results"},
    )
    copy = server.data_dir / "buckets" / "custom-labels" / report.replace("v1", "v2")
    assert copy.read_text() == html
    listed = run("projects", "list").stdout.splitlines()
    assert [line.split("  made")[0] for line in listed if not line.startswith(" ")] == [
        "paints  CUSTOM_LABELS"
    ]
    assert "  TRAIN 18 pictures, 3 labels, 0 with errors, UPDATE_COMPLETE" in listed
    assert listed[-1].endswith("TRAINING_COMPLETED  F1 1.0000")


def test_a_failed_training_is_told(run: Run, client: Any, tmp_path: Path) -> None:
    (paint(tmp_path / "few", range(1)) / "red" / "1.png").write_bytes(coloured("red", 1))
    run("datasets", "import", tmp_path / "few", "--project", "few")
    [project] = client.describe_projects(ProjectNames=["few"])["ProjectDescriptions"]
    version = client.create_project_version(
        ProjectArn=project["ProjectArn"],
        VersionName="v1",
        OutputConfig={"S3Bucket": "custom-labels", "S3KeyPrefix": "results"},
    )["ProjectVersionArn"]
    watched = run("projects", "watch", version, "--region", "not-that-of-the-arn")
    assert watched.exit_code == 1
    assert "v1: the training failed. The manifest file contains insufficient" in watched.stderr


def test_the_api_knows_the_pictures(
    run: Run, server: ServerProcess, client: Any, tmp_path: Path
) -> None:
    folder = paint(tmp_path / "hues", range(2))
    run("datasets", "import", folder, "--project", "hues", "--bucket", "hues-pictures")
    [project] = client.describe_projects(ProjectNames=["hues"])["ProjectDescriptions"]
    [dataset] = project["Datasets"]
    entries = client.list_dataset_entries(DatasetArn=dataset["DatasetArn"])["DatasetEntries"]
    found = [orjson.loads(entry) for entry in entries]
    assert [(line["source-ref"], line["label-0-metadata"]["class-name"]) for line in found] == [
        (f"s3://hues-pictures/hues/train/{label}/{number}.png", label)
        for label in sorted(COLOURS)
        for number in range(2)
    ]
    copied = server.data_dir / "buckets" / "hues-pictures" / "hues" / "train" / "red" / "1.png"
    assert copied.read_bytes() == (folder / "red" / "1.png").read_bytes()
