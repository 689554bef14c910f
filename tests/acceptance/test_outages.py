"""Jobs wait while a database or an object store is away, and then go on as if nothing had been."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import PIL.Image
import pytest
from sqlalchemy import make_url

from tests.acceptance.conftest import Launch
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.outages import UNAVAILABLE, Line, line_to
from tests.acceptance.photos import astronaut, png
from tests.acceptance.test_video_jobs import faces
from tests.acceptance.videos import write_video

MIB = 1024 * 1024
AWAY_SECONDS = 1.0

Moto = tuple[str, Any]


@pytest.fixture(scope="module")
def s3() -> Iterator[Moto]:
    with moto() as url, closing(aws_client("s3", url)) as client:
        yield url, client


def settings(line: Line) -> dict[str, Any]:
    return {
        "s3_endpoint_url": f"http://127.0.0.1:{line.port}",
        "s3_access_key_id": "any",
        "s3_secret_access_key": "any",
    }


def film(path: Path, frames: int) -> Path:
    """Noise, some 60 kB a frame, so that it is fetched in many pieces."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 240, 320, 3), np.uint8)
    return write_video(path, (noise[number % 20] for number in range(frames)), preset="ultrafast")


def ride_out(line: Line) -> None:
    """Waits until the line is cut, and for the end of the outage."""
    assert line.down.wait(60)
    time.sleep(AWAY_SECONDS)
    line.mend()


def test_a_video_is_read_on_when_the_object_store_is_back(
    launch: Launch, s3: Moto, tmp_path: Path
) -> None:
    url, client = s3
    client.create_bucket(Bucket="films")
    path = film(tmp_path / "film.mp4", 250)
    assert path.stat().st_size > 8 * MIB
    client.upload_file(str(path), "films", "film.mp4")
    with line_to(int(url.rpartition(":")[2])) as line:
        rekognition = launch(**settings(line)).client()
        line.cut_after = line.passed + 5 * MIB
        video = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
        job = rekognition.start_face_detection(Video=video)["JobId"]
        ride_out(line)
        assert rekognition.get_face_detection(JobId=job)["JobStatus"] == "IN_PROGRESS"
        found = faces(rekognition, job)
    assert [face["Timestamp"] for face in found] == [*range(0, 25_000, 500)]


def test_a_bulk_job_goes_on_after_an_outage_in_which_the_server_was_stopped(
    launch: Launch, s3: Moto
) -> None:
    url, client = s3
    client.create_bucket(Bucket="photos")
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (300, 300, 3), np.uint8)
    client.put_object(Bucket="photos", Key="a.png", Body=png(PIL.Image.fromarray(noise)))
    lines = b'{"source-ref": "s3://photos/a.png"}\n' * 40
    client.put_object(Bucket="photos", Key="list.jsonl", Body=lines)
    with line_to(int(url.rpartition(":")[2]), UNAVAILABLE) as line:
        server = launch(**settings(line))
        rekognition = server.client()
        line.cut_after = line.passed + 4 * MIB
        job = rekognition.start_media_analysis_job(
            OperationsConfig={"DetectModerationLabels": {}},
            Input={"S3Object": {"Bucket": "photos", "Name": "list.jsonl"}},
            OutputConfig={"S3Bucket": "photos"},
        )["JobId"]
        assert line.down.wait(60)
        time.sleep(AWAY_SECONDS)
        assert server.stop() == 0
        line.mend()
        server.start()
        while (told := rekognition.get_media_analysis_job(JobId=job))["Status"] == "IN_PROGRESS":
            time.sleep(0.1)
    assert told["Status"] == "SUCCEEDED", told
    summary = BytesIO()
    client.download_fileobj("photos", told["ManifestSummary"]["S3Object"]["Name"], summary)
    assert orjson.loads(summary.getvalue())["statistics"]["valid-json-lines"] == 40


def test_a_job_goes_on_when_the_database_is_back(
    postgresql: Callable[[], str], launch: Launch, tmp_path: Path
) -> None:
    url = make_url(postgresql())
    frames = (astronaut() for _ in range(450))
    path = tmp_path / "data" / "buckets" / "videos" / "film.mp4"
    write_video(path, frames, preset="ultrafast")
    with line_to(Path(str(url.query["host"])) / ".s.PGSQL.5432") as line:
        through = url.set(host="127.0.0.1", port=line.port, query={})
        database = through.render_as_string(hide_password=False)
        client = launch(database_url=database).client()
        video = {"S3Object": {"Bucket": "videos", "Name": "film.mp4"}}
        job = client.start_face_detection(Video=video)["JobId"]
        while "VideoMetadata" not in client.get_face_detection(JobId=job):
            time.sleep(0.02)
        line.cut()
        ride_out(line)
        assert client.get_face_detection(JobId=job)["JobStatus"] == "IN_PROGRESS"
        found = faces(client, job)
    assert [face["Timestamp"] for face in found] == [*range(0, 45_000, 500)]
