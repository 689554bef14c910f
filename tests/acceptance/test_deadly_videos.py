"""A file that ends the server, or would keep it busy for ever: its job fails, and no other one."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError

from openrekog.server.jobs.video import CRASHES, HANGS
from tests.acceptance.conftest import Launch
from tests.acceptance.servers import ServerProcess
from tests.acceptance.videos import write_video

# With this on its path, Python decodes no video with seven or nine frames a second to its end.
DEADLY = Path(__file__).parent.parent / "deadly"

STARTS = 4


@pytest.fixture
def server(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    monkeypatch.setenv("PYTHONPATH", str(DEADLY))
    return launch()


def put(server: ServerProcess, rate: int) -> dict[str, Any]:
    """A video of 15 seconds."""
    pictures = (np.full((240, 320, 3), index, np.uint8) for index in range(15 * rate))
    path = server.data_dir / "buckets" / "videos" / f"{rate}.mp4"
    write_video(path, pictures, rate=rate, preset="ultrafast")
    return {"S3Object": {"Bucket": "videos", "Name": path.name}}


def survives(server: ServerProcess, jobs: list[str]) -> bool:
    """Whether a server lives until the jobs have ended."""
    client = server.client()
    while server.process is not None and server.process.poll() is None:
        try:
            found = [client.get_face_detection(JobId=job)["JobStatus"] for job in jobs]
        except BotoCoreError:
            continue  # the server died amid its answer
        if "IN_PROGRESS" not in found:
            return True
        time.sleep(0.1)
    return False


def test_a_video_that_ends_the_server_fails_its_job_and_no_other(server: ServerProcess) -> None:
    client = server.client()
    deadly, harmless = put(server, 7), put(server, 8)
    jobs = [client.start_face_detection(Video=video)["JobId"] for video in (deadly, harmless)]
    deaths = 0
    while not survives(server, jobs):
        deaths += 1
        assert deaths < STARTS
        server.kill()
        server.start()
    assert deaths == 2
    failed, other = (server.client().get_face_detection(JobId=job) for job in jobs)
    assert (failed["JobStatus"], failed["StatusMessage"]) == ("FAILED", CRASHES.format(10, 30))
    assert other["JobStatus"] == "SUCCEEDED"


def test_a_video_that_never_ends_fails_its_job_and_no_other(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(DEADLY))
    server = launch(video_stall_seconds=2.0)
    client = server.client()
    jobs = [client.start_face_detection(Video=put(server, rate))["JobId"] for rate in (9, 8)]
    assert survives(server, jobs)
    failed, other = (client.get_face_detection(JobId=job) for job in jobs)
    assert (failed["JobStatus"], failed["StatusMessage"]) == ("FAILED", HANGS.format(10, 30))
    assert other["JobStatus"] == "SUCCEEDED"
    server.stop()
