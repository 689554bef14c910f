"""Bulk jobs that cannot be done: what is refused at once, and what fails in its turn."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.media_jobs import (
    MODERATION,
    buckets,
    failure,
    line,
    manifest,
    picture,
    put,
    start,
    wait,
)
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import FAKE, ServerProcess

ADAPTER = "arn:aws:rekognition:us-east-1:000000000000:project/a/version/b/1700000000000"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that does no jobs and takes small manifests only."""
    settings = {**FAKE, "job_concurrency": 0, "max_manifest_bytes": 100}
    running = ServerProcess(tmp_path_factory.mktemp("strict") / "data", settings).start()
    yield running
    running.close()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Input": manifest(name="missing.jsonl")}, "InvalidS3ObjectException"),
        ({"Input": {"S3Object": {"Bucket": "photos"}}}, "InvalidParameterException"),
        ({"Input": manifest(name="empty.jsonl")}, "InvalidManifestException"),
        ({"Input": manifest(name="large.jsonl")}, "InvalidManifestException"),
        ({"OperationsConfig": {}}, "InvalidParameterException"),
        (
            {"OperationsConfig": {"DetectModerationLabels": {"ProjectVersion": ADAPTER}}},
            "ResourceNotFoundException",
        ),
        ({"KmsKeyId": "alias/mine"}, "InvalidParameterException"),
        ({"OutputConfig": {"S3Bucket": "out", "S3KeyPrefix": "a b"}}, "ValidationException"),
    ],
    ids=["missing", "no key", "empty", "large", "nothing asked", "adapter", "KMS", "prefix"],
)
def test_what_is_refused_at_once(
    strict: ServerProcess, region: str, change: dict[str, Any], code: str
) -> None:
    put(strict, "photos", "empty.jsonl")
    put(strict, "photos", "large.jsonl", bytes(101))
    client = strict.client(region)
    refused_with(code, start, server=strict, client=client, lines=[b"x"], **change)
    assert client.list_media_analysis_jobs()["MediaAnalysisJobs"] == []


def test_blank_lines_are_no_manifest(server: ServerProcess, client: Any) -> None:
    job = start(server, client, [b"", b" ", b""])
    assert failure(client, job) == ("INVALID_MANIFEST", "The manifest has no lines.")


@pytest.mark.parametrize(
    ("bucket", "prefix"),
    [("nowhere", ""), ("out", ".."), ("out", "../photos"), ("out", "/"), ("out", "a//b")],
    ids=["no bucket", "above", "beside", "only a slash", "no step"],
)
def test_where_nothing_can_be_written(
    server: ServerProcess, client: Any, bucket: str, prefix: str
) -> None:
    put(server, "photos", "a.png", picture(0))
    config = {"S3Bucket": bucket, "S3KeyPrefix": prefix}
    job = start(server, client, [line("a.png")], OutputConfig=config)
    if prefix == "/":
        assert wait(client, job)["Results"]["S3Object"]["Name"] == f"{job}/results.jsonl"
        return
    code, message = failure(client, job)
    assert code == "INVALID_OUTPUT_CONFIG"
    assert message.startswith(f"There is no bucket {bucket}, or no key ")
    assert not (buckets(server) / "nowhere").exists()


def test_a_link_leads_no_result_out_of_the_bucket(
    server: ServerProcess, client: Any, tmp_path: Path
) -> None:
    put(server, "photos", "a.png", picture(0))
    (buckets(server) / "out").mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (buckets(server) / "out" / "link").symlink_to(tmp_path)
    config = {"S3Bucket": "out", "S3KeyPrefix": "link"}
    job = start(server, client, [line("a.png")], OutputConfig=config)
    assert failure(client, job)[0] == "INVALID_OUTPUT_CONFIG"
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_changed_before_its_turn_fails(launch: Launch) -> None:
    server = launch(job_concurrency=0)
    client = server.client()
    changed = start(server, client, [line("a.png")])
    put(server, "photos", "list.jsonl", line("b.png") + b"\n")
    assert client.get_media_analysis_job(JobId=changed)["Status"] == "QUEUED"
    put(server, "photos", "other.jsonl", line("b.png"))
    removed = client.start_media_analysis_job(
        OperationsConfig=MODERATION,
        Input=manifest(name="other.jsonl"),
        OutputConfig={"S3Bucket": "out"},
    )["JobId"]
    (buckets(server) / "photos" / "other.jsonl").unlink()
    server.stop()
    server.settings = {**server.settings, "job_concurrency": 1}
    server.start()
    message = "The manifest was changed or removed while the job was running."
    assert failure(client, changed) == ("INVALID_MANIFEST", message)
    assert failure(client, removed) == ("INVALID_S3_OBJECT", message)
