"""Bulk analysis: what a manifest names is looked at, line by line, and nothing is lost."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import orjson
import PIL.Image

from tests.acceptance.conftest import Launch
from tests.acceptance.media_jobs import (
    MODERATION,
    NO_MANIFEST,
    failure,
    files,
    line,
    manifest,
    picture,
    put,
    refs,
    start,
    wait,
)
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.photos import png
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess


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
