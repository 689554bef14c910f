"""Stored video as jobs: what is started is done, whatever happens in between."""

import time
from pathlib import Path
from typing import Any

import pytest
import skimage.data

from tests.acceptance.conftest import Launch
from tests.acceptance.servers import ServerProcess
from tests.acceptance.videos import write_video

BUCKET = "videos"
SECONDS = 45


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 seconds that change from one picture to the other every second."""
    pictures = [skimage.data.astronaut(), skimage.data.chelsea()]
    frames = (pictures[second % 2] for second in range(SECONDS) for _ in range(10))
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", frames, preset="ultrafast")


def put(server: ServerProcess, file: Path, name: str = "film.mp4") -> dict[str, Any]:
    target = server.data_dir / "buckets" / BUCKET / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())
    return {"S3Object": {"Bucket": BUCKET, "Name": name}}


def wait(client: Any, job_id: str, seconds: float = 60) -> dict[str, Any]:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        answer: dict[str, Any] = client.get_face_detection(JobId=job_id)
        if answer["JobStatus"] != "IN_PROGRESS":
            return answer
        time.sleep(0.1)
    raise AssertionError(f"job {job_id} did not end")


def faces(client: Any, job_id: str) -> list[Any]:
    answer = wait(client, job_id)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    found = list(answer["Faces"])
    while "NextToken" in answer:
        answer = client.get_face_detection(JobId=job_id, NextToken=answer["NextToken"])
        found += answer["Faces"]
    return found


@pytest.fixture
def undisturbed(launch: Launch, film: Path) -> list[Any]:
    server = launch("undisturbed")
    job = server.client().start_face_detection(Video=put(server, film))["JobId"]
    return faces(server.client(), job)


def test_a_killed_server_goes_on_and_finds_the_same(
    launch: Launch, film: Path, undisturbed: list[Any]
) -> None:
    assert [face["Timestamp"] for face in undisturbed] == [*range(0, SECONDS * 1000, 500)]
    server = launch("killed")
    client = server.client()
    job = client.start_face_detection(Video=put(server, film))["JobId"]
    for moment in (0.05, 0.3, 0.5, 0.7):
        time.sleep(moment)
        server.kill()
        server.start()
    assert faces(client, job) == undisturbed
