"""Several processes share the jobs: what a server leaves to workers, and what a dead one leaves."""

import contextlib
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.forks import Fork
from tests.acceptance.photos import astronaut, photograph
from tests.acceptance.servers import FAKE, as_environment, clean_environment
from tests.acceptance.videos import write_video

READY = re.compile(r"openrekog worker (\S+) is ready")


class WorkerProcess:
    """`openrekog worker` with a data folder of its own."""

    def __init__(self, data_dir: Path, settings: dict[str, Any]) -> None:
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        environment = clean_environment() | as_environment(settings)
        self.process = Fork(["worker", "--data-dir", str(data_dir)], environment, self.log)
        give_up = time.monotonic() + 60
        while not READY.search(self.log.read_text()):
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the worker did not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    pictures = [astronaut(), photograph("chelsea.png")]
    frames = (pictures[second % 2] for second in range(60) for _ in range(10))
    path = tmp_path / "buckets" / "videos" / "film.mp4"
    return write_video(path, frames, preset="ultrafast")


def test_workers_on_postgresql_share_jobs_and_take_over_those_of_the_dead(
    postgresql: Callable[[], str], launch: Launch, tmp_path: Path, film: Path
) -> None:
    settings = {"database_url": postgresql(), "worker_silence": 2.0}
    server = launch("data", job_concurrency=0, **settings)
    (server.data_dir / "buckets").rmdir()
    (server.data_dir / "buckets").symlink_to(film.parent.parent)
    client = server.client()
    video = {"S3Object": {"Bucket": "videos", "Name": "film.mp4"}}
    with contextlib.ExitStack() as ending:

        def work(name: str) -> WorkerProcess:
            folder = tmp_path / name
            folder.mkdir()
            (folder / "buckets").symlink_to(film.parent.parent)
            worker = WorkerProcess(folder, {**FAKE, **settings, "worker_name": name})
            ending.callback(worker.process.kill)
            return worker

        job = client.start_face_detection(Video=video)["JobId"]
        assert client.get_face_detection(JobId=job)["JobStatus"] == "IN_PROGRESS"
        first = work("first")
        wait_until(lambda: "VideoMetadata" in client.get_face_detection(JobId=job))
        first.end(signal.SIGKILL)
        assert client.get_face_detection(JobId=job)["JobStatus"] == "IN_PROGRESS"
        second = work("second")
        wait_until(lambda: client.get_face_detection(JobId=job)["JobStatus"] == "SUCCEEDED")
        found = client.get_face_detection(JobId=job)["Faces"]
        assert [face["Timestamp"] for face in found] == [*range(0, 60_000, 500)]
        assert second.end() == 0


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)
