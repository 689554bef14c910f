"""Training with pictures in S3, while the object store is away for a moment."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import orjson
import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.outages import UNAVAILABLE, line_to
from tests.acceptance.refusals import refused_with
from tests.acceptance.trainings import COLOURS, as_manifest, coloured, labelled, wait_for

BUCKET = "pictures"


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[int, Any]]:
    """The port of an object store, with pictures in it and a manifest of them."""
    with moto() as url, closing(aws_client("s3", url)) as client:
        client.create_bucket(Bucket=BUCKET)
        lines = []
        for label in COLOURS:
            for number in range(12):
                key = f"{label}-{number}.png"
                client.put_object(Bucket=BUCKET, Key=key, Body=coloured(label, number, 200))
                lines.append(labelled(f"s3://{BUCKET}/{key}", label))
        client.put_object(Bucket=BUCKET, Key="all.manifest", Body=as_manifest(lines))
        yield int(url.rpartition(":")[2]), client


def test_an_object_store_that_is_away_is_waited_for(launch: Launch, s3: tuple[int, Any]) -> None:
    port, client = s3
    with line_to(port, UNAVAILABLE) as line:
        keys = {"s3_access_key_id": "any", "s3_secret_access_key": "any"}
        server = launch(s3_endpoint_url=f"http://127.0.0.1:{line.port}", **keys)
        rekognition = server.client()
        project = rekognition.create_project(ProjectName="colours")["ProjectArn"]
        place = {"S3Object": {"Bucket": BUCKET, "Name": "all.manifest"}}
        line.cut_after = line.passed + 250_000
        rekognition.create_project_version(
            ProjectArn=project,
            VersionName="v1",
            OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
            TrainingData={"Assets": [{"GroundTruthManifest": place}]},
            TestingData={"AutoCreate": True},
        )
        assert line.down.wait(60)
        line.mend()
        found = wait_for(rekognition, project, "v1")
        line.cut()
        refused_with(
            "InternalServerError",
            rekognition.copy_project_version,
            SourceProjectArn=project,
            SourceProjectVersionArn=found["ProjectVersionArn"],
            DestinationProjectArn=project,
            VersionName="v2",
            OutputConfig=found["OutputConfig"],
        )
    assert found["Status"] == "TRAINING_COMPLETED", found
    summary = found["ManifestSummary"]["S3Object"]
    told = client.get_object(Bucket=summary["Bucket"], Key=summary["Name"])["Body"].read()
    assert orjson.loads(told)["statistics"]["training"]["valid_json_lines"] == 30
