"""An analysis is tried in a process of its own, with all that a server has, and leaves no trace."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest

from openrekog.collections_store.records import Scope
from openrekog.server.jobs import rehearsal
from openrekog.server.services import open_objects, open_store
from openrekog.server.settings import Settings
from tests.acceptance.videos import write_video

DEADLY = str(Path(__file__).parent.parent / "deadly_analysis")
SCOPE = Scope("111122223333", "us-east-1")


def test_the_analysis_that_ends_its_process_is_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, packs=("fake",))
    pictures = (np.full((240, 320, 3), index, np.uint8) for index in range(40))
    write_video(tmp_path / "buckets" / "videos" / "film.mp4", pictures, preset="ultrafast")
    found = open_objects(settings).open("videos", "film.mp4", None)
    found.file.close()
    place = {"Bucket": "videos", "Name": "film.mp4", "Identity": found.identity}
    request = orjson.dumps({"Video": {}, "FaceAttributes": "DEFAULT", "MaxLabels": 10}).decode()
    with closing(open_store(settings, serving=False)) as store:
        with store.write() as rows:
            jobs = [
                rows.jobs.create(
                    SCOPE, operation, request, source=orjson.dumps(place).decode(), tag=None
                )
                for operation in ("FaceDetection", "PersonTracking")
            ]
        monkeypatch.setenv("PYTHONPATH", DEADLY)
        survived = [
            rehearsal.survives(settings.model_dump_json().encode(), job.job_id) for job in jobs
        ]
        assert survived == [False, True]
        with store.read() as rows:
            after = [rows.jobs.by_id(job.job_id) for job in jobs]
        assert [(job and job.status, job and job.parts) for job in after] == [
            ("IN_PROGRESS", 0)
        ] * 2


ENDLESS = """
import threading, time
from openrekog.server.rehearsal import end_with_server
threading.Thread(target=end_with_server, daemon=True).start()
print("begun", flush=True)
time.sleep(60)
"""


def test_it_ends_with_its_server() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        process.stdin.close()
        assert process.wait(20) == 0
