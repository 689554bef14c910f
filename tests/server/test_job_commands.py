"""`openrekog jobs`: what an operator sees of the jobs."""

from pathlib import Path

import orjson

from openrekog.collections_store.records import Job, Scope
from openrekog.collections_store.store import Store
from tests.acceptance.servers import ServerProcess

SCOPE = Scope("111122223333", "us-east-1")


def jobs(command: str, data_dir: Path) -> str:
    return ServerProcess(data_dir).command("jobs", command)


def fill(store: Store) -> list[Job]:
    """A job in each state."""
    with store.write() as rows:

        def create(operation: str, name: str, *, begun: bool = True, request: str = "{}") -> Job:
            source = orjson.dumps({"Bucket": "films", "Name": name}).decode()
            job = rows.jobs.create(SCOPE, operation, request, source=source, tag=None)
            if begun:
                rows.jobs.claim(job.job_id)
            return job

        succeeded = create("FaceDetection", "a.mp4")
        rows.jobs.end(succeeded, "SUCCEEDED")
        failed = create("LabelDetection", "b.mp4")
        rows.jobs.end(failed, "FAILED", "The file has no video stream.")
        unread = create("FaceSearch", "c.mp4")
        video = create("SegmentDetection", "d.mp4")
        rows.jobs.describe(video, '{"duration_ms": 40000}')
        rows.jobs.store_part(video, 0, [], b"")
        bulk = create("ImageAnalysis", "list.jsonl", request='{"Operation": "DetectText"}')
        rows.jobs.describe(bulk, '{"done": 380, "of": 1000}')
        waiting = create("TextDetection", "e.mp4", begun=False)
    return [waiting, bulk, video, unread, failed, succeeded]


def test_jobs_are_listed_with_their_progress(tmp_path: Path) -> None:
    store = Store.open(
        f"sqlite:///{tmp_path / 'openrekog.sqlite3'}",
        tmp_path / "index",
        housekeeping_interval=None,
    )
    made = fill(store)
    store.close()
    head, *lines = jobs("list", tmp_path).splitlines()
    assert head.split("  ")[0] == "STARTED (UTC)"
    failure = lines.pop(5)
    assert failure == "    The file has no video stream."
    shown = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    assert [row[1:3] for row in shown] == [
        ["waiting", "TextDetection"],
        ["38 %", "ImageAnalysis DetectText"],
        ["25 %", "SegmentDetection"],
        ["running", "FaceSearch"],
        ["FAILED", "LabelDetection"],
        ["SUCCEEDED", "FaceDetection"],
    ]
    assert shown[1][3:6] == ["111122223333", "us-east-1", "s3://films/list.jsonl"]
    assert [row[-1] for row in shown] == [job.job_id for job in made]
    assert {line.index("s3://") for line in lines} == {head.index("SOURCE")}


def test_no_jobs_are_told(tmp_path: Path) -> None:
    assert jobs("list", tmp_path) == "There are no jobs.\n"
