"""A file that ends the server: its job fails, and no other one."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError

from openrekog.server.jobs.video import CRASHES
from tests.acceptance.servers import ServerProcess
from tests.acceptance.videos import write_video

# With this on its path, Python decodes no video with seven frames a second to its end.
DEADLY = Path(__file__).parent.parent / "deadly"

STARTS = 4


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    monkeypatch.setenv("PYTHONPATH", str(DEADLY))
    running = ServerProcess(tmp_path / "data", by_command=True).start()
    yield running
    running.close()


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
