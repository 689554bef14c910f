"""Bulk analysis: what a manifest names is looked at, line by line, and nothing is lost."""

import contextlib
import subprocess
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import PIL.Image
import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.photos import png
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import COMMAND, ServerProcess, clean_environment

MODERATION: dict[str, Any] = {"DetectModerationLabels": {}}
ADAPTER = "arn:aws:rekognition:us-east-1:000000000000:project/a/version/b/1700000000000"


def picture(red: int) -> bytes:
    """The fake pack takes red for explicit."""
    return png(PIL.Image.new("RGB", (96, 96), (red, 0, 0)))


def buckets(server: ServerProcess) -> Path:
    return server.data_dir / "buckets"


def put(server: ServerProcess, bucket: str, key: str, data: bytes = b"") -> None:
    path = buckets(server) / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def line(key: str, bucket: str = "photos") -> bytes:
    return orjson.dumps({"source-ref": f"s3://{bucket}/{key}"})


def manifest(bucket: str = "photos", name: str = "list.jsonl") -> dict[str, Any]:
    return {"S3Object": {"Bucket": bucket, "Name": name}}


def start(server: ServerProcess, client: Any, lines: Iterable[bytes], **request: Any) -> str:
    """Starts a job on these lines; results go to the bucket "out"."""
    put(server, "photos", "list.jsonl", b"\n".join(lines))
    (buckets(server) / "out").mkdir(exist_ok=True)
    asked: dict[str, Any] = {
        "OperationsConfig": MODERATION,
        "Input": manifest(),
        "OutputConfig": {"S3Bucket": "out", "S3KeyPrefix": "results/"},
    }
    job: str = client.start_media_analysis_job(**{**asked, **request})["JobId"]
    return job


def wait(client: Any, job: str, seconds: float = 100) -> dict[str, Any]:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        answer: dict[str, Any] = client.get_media_analysis_job(JobId=job)
        if answer["Status"] in ("SUCCEEDED", "FAILED"):
            del answer["ResponseMetadata"]
            return answer
        time.sleep(0.1)
    raise AssertionError(f"job {job} did not end")


def failure(client: Any, job: str) -> tuple[str, str]:
    details = wait(client, job)["FailureDetails"]
    return details["Code"], details["Message"]


def stored(server: ServerProcess, place: dict[str, Any]) -> bytes:
    path: Path = buckets(server) / place["S3Object"]["Bucket"] / place["S3Object"]["Name"]
    return path.read_bytes()


def files(server: ServerProcess, answer: dict[str, Any]) -> tuple[list[Any], Any]:
    """The results and the summary of a job that succeeded."""
    assert answer["Status"] == "SUCCEEDED", answer
    lines = stored(server, answer["Results"]).splitlines()
    return [orjson.loads(each) for each in lines], orjson.loads(
        stored(server, answer["ManifestSummary"])
    )


def refs(results: Sequence[Any]) -> list[str]:
    return [each["source-ref"].removeprefix("s3://photos/") for each in results]


def test_results_are_those_of_the_operation_in_the_order_of_the_manifest(
    server: ServerProcess, client: Any
) -> None:
    shades = {"red.png": 230, "dim.png": 140, "black.png": 0}
    for key, red in shades.items():
        put(server, "photos", key, picture(red))
    keys = ["black.png", "red.png", "dim.png", "red.png"]
    config = {"DetectModerationLabels": {"MinConfidence": 60.0}}
    job = start(server, client, map(line, keys), OperationsConfig=config, JobName="nightly")
    results, summary = files(server, wait(client, job))
    assert refs(results) == keys
    for result, key in zip(results, keys, strict=True):
        answer = client.detect_moderation_labels(
            Image={"S3Object": {"Bucket": "photos", "Name": key}}, MinConfidence=60
        )
        del answer["ResponseMetadata"]
        assert result["detect-moderation-labels"] == answer
    assert results[0]["detect-moderation-labels"]["ModerationLabels"] == []
    assert results[1]["detect-moderation-labels"]["ModerationLabels"] != []
    assert summary == {
        "version": "1.0",
        "statistics": {"total-json-lines": 4, "valid-json-lines": 4, "invalid-json-lines": 0},
        "errors": [],
    }


def test_a_job_is_described_as_documented(server: ServerProcess, client: Any) -> None:
    put(server, "photos", "a.png", picture(0))
    before = datetime.now(UTC)
    job = start(server, client, [line("a.png")], JobName="nightly")
    assert len(job) == 64
    answer = wait(client, job)
    created, completed = answer.pop("CreationTimestamp"), answer.pop("CompletionTimestamp")
    assert before <= created <= completed <= datetime.now(UTC)
    assert answer == {
        "JobId": job,
        "JobName": "nightly",
        "OperationsConfig": {"DetectModerationLabels": {"MinConfidence": 50.0}},
        "Status": "SUCCEEDED",
        "Input": manifest(),
        "OutputConfig": {"S3Bucket": "out", "S3KeyPrefix": "results/"},
        "Results": {
            "S3Object": {"Bucket": "out", "Name": f"results/{job}/results.jsonl"},
            "ModelVersions": {"Moderation": "7.0"},
        },
        "ManifestSummary": {
            "S3Object": {"Bucket": "out", "Name": f"results/{job}/summary.json"},
        },
    }
    refused_with(
        "ResourceNotFoundException",
        server.client("elsewhere-1").get_media_analysis_job,
        JobId=job,
    )


MISSING = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."
)
NO_MANIFEST = "InvalidManifestException"
BAD_LINES: dict[bytes, dict[str, str]] = {
    b"{broken": {"code": NO_MANIFEST, "message": "The line is not JSON."},
    b"\xff": {"code": NO_MANIFEST, "message": "The line is not JSON."},
    b"7": {"code": NO_MANIFEST, "message": "The line has no source-ref."},
    b'{"source": "s3://photos/a.png"}': {
        "code": NO_MANIFEST,
        "message": "The line has no source-ref.",
    },
    b'{"source-ref": "photos/a.png"}': {
        "source-ref": "photos/a.png",
        "code": NO_MANIFEST,
        "message": "The source-ref is not s3://BUCKET/KEY.",
    },
    line("missing.png"): {
        "source-ref": "s3://photos/missing.png",
        "code": "InvalidS3ObjectException",
        "message": MISSING,
    },
    line("../../keys.json"): {
        "source-ref": "s3://photos/../../keys.json",
        "code": "InvalidS3ObjectException",
        "message": MISSING,
    },
    line("text.png"): {
        "source-ref": "s3://photos/text.png",
        "code": "InvalidImageFormatException",
        "message": "Request has invalid image format",
    },
    line("small.png"): {
        "source-ref": "s3://photos/small.png",
        "code": "InvalidParameterException",
        "message": "Request has invalid parameters",
    },
}


def test_a_bad_line_is_told_and_takes_nothing_with_it(server: ServerProcess, client: Any) -> None:
    put(server, "photos", "a.png", picture(0))
    put(server, "photos", "text.png", b"text")
    put(server, "photos", "small.png", png(PIL.Image.new("RGB", (20, 20))))
    job = start(server, client, [line("a.png"), b"  ", *BAD_LINES, line("a.png"), b""])
    results, summary = files(server, wait(client, job))
    assert refs(results) == ["a.png", "a.png"]
    assert summary["statistics"] == {
        "total-json-lines": 2 + len(BAD_LINES),
        "valid-json-lines": 2,
        "invalid-json-lines": len(BAD_LINES),
    }
    assert summary["errors"] == [
        {"line-numer": number, **told} for number, told in enumerate(BAD_LINES.values(), 3)
    ]


def test_lines_may_end_as_windows_ends_them_and_the_last_not_at_all(
    server: ServerProcess, client: Any
) -> None:
    put(server, "photos", "a.png", picture(0))
    job = start(server, client, [line("a.png") + b"\r", line("a.png")])
    assert refs(files(server, wait(client, job))[0]) == ["a.png", "a.png"]


def test_a_manifest_may_have_no_good_line(server: ServerProcess, client: Any) -> None:
    results, summary = files(server, wait(client, start(server, client, [b"x"] * 60)))
    assert results == []
    assert [each["line-numer"] for each in summary["errors"]] == [*range(1, 61)]


def lines_of_many(server: ServerProcess) -> list[bytes]:
    for number in range(20):
        put(server, "photos", f"{number}.png", picture(12 * number))
    return [b"broken" if number % 7 == 3 else line(f"{number % 20}.png") for number in range(600)]


def test_a_killed_server_goes_on_and_writes_the_same(launch: Launch) -> None:
    server = launch("undisturbed")
    job = start(server, server.client(), lines_of_many(server))
    expected = files(server, wait(server.client(), job))
    assert expected[1]["statistics"]["total-json-lines"] == 600
    killed = launch("killed")
    client = killed.client()
    job = start(killed, client, lines_of_many(killed))
    for moment in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
        time.sleep(moment)
        killed.kill()
        killed.start()
    assert files(killed, wait(client, job)) == expected


def test_a_stopped_server_goes_on_and_writes_the_same(launch: Launch) -> None:
    server = launch("stopped")
    client = server.client()
    job = start(server, client, lines_of_many(server))
    for moment in (0.2, 0.4):
        time.sleep(moment)
        assert server.stop() == 0
        server.start()
    results, summary = files(server, wait(client, job))
    assert len(results) + len(summary["errors"]) == 600
    assert {error["code"] for error in summary["errors"]} == {NO_MANIFEST}


def test_the_server_forgets_what_the_files_have(launch: Launch) -> None:
    server = launch()
    put(server, "photos", "a.png", picture(0))
    job = start(server, server.client(), [line("a.png")] * 60)
    wait(server.client(), job)
    time.sleep(1)
    server.stop()
    database = f"sqlite:///{server.data_dir / 'openrekog.sqlite3'}"
    assert count_of(database, "jobs") == 1
    assert count_of(database, "findings") == 0


def count_of(database: str, table: str) -> int:
    from sqlalchemy import create_engine, text

    engine = create_engine(database)
    try:
        with engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")))
    finally:
        engine.dispose()


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
def test_what_is_refused_at_once(launch: Launch, change: dict[str, Any], code: str) -> None:
    server = launch(job_concurrency=0, max_manifest_bytes=100)
    put(server, "photos", "empty.jsonl")
    put(server, "photos", "large.jsonl", bytes(101))
    client = server.client()
    refused_with(code, start, server=server, client=client, lines=[b"x"], **change)
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


def test_a_token_starts_one_job_and_an_account_may_have_so_many_open(launch: Launch) -> None:
    server = launch(job_concurrency=0, max_open_jobs=2)
    client = server.client()

    def begin(token: str, **request: Any) -> str:
        return start(server, client, [b"x"], ClientRequestToken=token, **request)

    first = begin("a")
    put(server, "photos", "list.jsonl", b"y")
    assert begin("a") == first
    assert begin("b") != first
    refused_with("IdempotentParameterMismatchException", begin, token="a", JobName="other")
    (buckets(server) / "photos" / "list.jsonl").unlink()
    again = client.start_media_analysis_job(
        OperationsConfig=MODERATION,
        Input=manifest(),
        OutputConfig={"S3Bucket": "out", "S3KeyPrefix": "results/"},
        ClientRequestToken="a",
    )
    assert again["JobId"] == first
    message = refused_with("LimitExceededException", begin, token="c")
    assert message == "2 open Jobs for account 000000000000 Maximum limit: 2"


def test_jobs_are_listed_the_newest_first(launch: Launch) -> None:
    server = launch(job_concurrency=0, max_open_jobs=200)
    client = server.client()
    jobs = [start(server, client, [b"x"]) for _ in range(101)]
    elsewhere = server.client("elsewhere-1")
    assert elsewhere.list_media_analysis_jobs()["MediaAnalysisJobs"] == []
    first = client.list_media_analysis_jobs()
    assert [each["JobId"] for each in first["MediaAnalysisJobs"]] == jobs[:0:-1]
    assert first["MediaAnalysisJobs"][0]["Status"] == "QUEUED"
    second = client.list_media_analysis_jobs(NextToken=first["NextToken"], MaxResults=7)
    assert [each["JobId"] for each in second["MediaAnalysisJobs"]] == jobs[:1]
    assert "NextToken" not in second
    refused_with(
        "InvalidPaginationTokenException", client.list_media_analysis_jobs, NextToken="nonsense"
    )
    message = refused_with(
        "InvalidParameterException", client.list_media_analysis_jobs, MaxResults=101
    )
    assert message == "MaxResults is 101, more than 100."
    refused_with("ValidationException", client.list_media_analysis_jobs, MaxResults=0)


def test_a_cancelled_job_has_failed(launch: Launch) -> None:
    server = launch(job_concurrency=0)
    job = start(server, server.client(), [b"x"])
    command: list[Any] = [COMMAND, "jobs", "cancel", job, "--data-dir", server.data_dir]
    subprocess.run(command, env=clean_environment(), check=True, capture_output=True)
    answer = wait(server.client(), job)
    assert answer["FailureDetails"] == {
        "Message": "The job was cancelled by the operator of the server."
    }


def test_manifest_and_results_in_s3(launch: Launch) -> None:
    with moto() as url, contextlib.closing(aws_client("s3", url)) as s3:
        for bucket in ("photos", "out"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="photos", Key="2026/fête 1.png", Body=picture(230))
        lines = [line("2026/fête 1.png"), line("missing.png")] * 40
        s3.put_object(Bucket="photos", Key="list.jsonl", Body=b"\n".join(lines))
        keys = {"s3_access_key_id": "any", "s3_secret_access_key": "any"}
        client = launch(s3_endpoint_url=url, **keys).client()
        asked = {"OperationsConfig": MODERATION, "Input": manifest()}
        job = client.start_media_analysis_job(
            **asked, OutputConfig={"S3Bucket": "out", "S3KeyPrefix": "a/b"}
        )["JobId"]
        nowhere = client.start_media_analysis_job(**asked, OutputConfig={"S3Bucket": "nowhere"})
        answer = wait(client, job)
        assert answer["Status"] == "SUCCEEDED"
        assert answer["Results"]["S3Object"]["Name"] == f"a/b/{job}/results.jsonl"
        results = s3.get_object(**as_s3(answer["Results"]))["Body"].read().splitlines()
        assert refs([orjson.loads(each) for each in results]) == ["2026/fête 1.png"] * 40
        summary = orjson.loads(s3.get_object(**as_s3(answer["ManifestSummary"]))["Body"].read())
        assert [each["line-numer"] for each in summary["errors"]] == [*range(2, 81, 2)]
        assert failure(client, nowhere["JobId"])[0] == "INVALID_OUTPUT_CONFIG"


def as_s3(place: dict[str, Any]) -> dict[str, str]:
    return {"Bucket": place["S3Object"]["Bucket"], "Key": place["S3Object"]["Name"]}
