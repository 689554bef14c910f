"""A file that ends the server, or would keep it busy for ever: its job fails, and no other one."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError

from openrekog.server.jobs.blame import CRASHES, HANGS
from tests.acceptance.servers import FAKE, ServerProcess
from tests.acceptance.videos import write_video

# With this on its path, Python decodes no video with seven or nine frames a second to its end.
DEADLY = Path(__file__).parent.parent / "deadly"

STARTS = 4


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    monkeypatch.setenv("PYTHONPATH", str(DEADLY))
    running = ServerProcess(
        tmp_path / "data", {**FAKE, "video_stall_seconds": 3.0}, by_command=True
    ).start()
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


def test_a_video_that_ends_or_keeps_the_server_fails_its_job_and_no_other(
    server: ServerProcess,
) -> None:
    client = server.client()
    jobs = [client.start_face_detection(Video=put(server, rate))["JobId"] for rate in (7, 9, 8)]
    deaths = 0
    while not survives(server, jobs):
        deaths += 1
        assert deaths < STARTS
        server.kill()
        server.start()
    assert deaths == 2
    answers = [server.client().get_face_detection(JobId=job) for job in jobs]
    assert [(one["JobStatus"], one.get("StatusMessage")) for one in answers] == [
        ("FAILED", CRASHES.format(10, 30)),
        ("FAILED", HANGS.format(10, 30)),
        ("SUCCEEDED", None),
    ]
