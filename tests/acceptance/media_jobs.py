"""Bulk jobs for the tests: manifests in a server's folder of buckets, and what comes of them."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import PIL.Image

from tests.acceptance.photos import png
from tests.acceptance.servers import ServerProcess

MODERATION: dict[str, Any] = {"DetectModerationLabels": {}}
NO_MANIFEST = "InvalidManifestException"


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
