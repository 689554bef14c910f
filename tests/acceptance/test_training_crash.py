"""Trainings that are broken off, kept waiting, or done side by side, and end as if they had not."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import create_engine, text

from openrekog.server.jobs.training.task import READY
from tests.acceptance.conftest import Launch
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import COLOURS, Studio

MIB = 1024 * 1024

# Seconds; a part takes some hundredths.
MOMENTS = (0.0, 0.03, 0.1, 0.07)


def studio_of(server: ServerProcess, count: int = 30) -> Studio:
    """With so many pictures of each colour to train with, of which some are bad."""
    studio = Studio(server, server.client())
    studio.create_project()
    lines = studio.paint(COLOURS, range(count))
    for number in range(0, count, 9):
        studio.put(f"green-{number}.png", b"no picture")
    studio.create_dataset("TRAIN", lines)
    studio.create_dataset("TEST", studio.paint(COLOURS, range(count, count + 10)))
    return studio


def learnt(studio: Studio, version: str, database: str | None = None) -> tuple[bytes, Any, Any]:
    """The model, its evaluation but for names and times, and what was wrong."""
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_COMPLETED", found
    summary = orjson.loads(studio.read(found["EvaluationResult"]["Summary"]))
    for name in ("ProjectVersionArn", "EvaluationEndTimestamp"):
        del summary["EvaluationDetails"][name]
    url = database or f"sqlite:///{studio.server.data_dir / 'openrekog.sqlite3'}"
    return content_of(url), summary, orjson.loads(studio.read(found["ManifestSummary"]))


def content_of(url: str) -> bytes:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return bytes(
                connection.execute(text("SELECT content FROM trained_models")).scalar_one()
            )
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Any, Any]:
    server = ServerProcess(tmp_path_factory.mktemp("undisturbed") / "data").start()
    try:
        studio = studio_of(server)
        return learnt(studio, studio.train())
    finally:
        server.close()


def test_a_killed_server_goes_on_and_learns_the_same(
    launch: Launch, undisturbed: tuple[bytes, Any, Any]
) -> None:
    studio = studio_of(launch("killed"))
    version = studio.train()
    points = [studio.describe(version)["StatusMessage"]]
    for moment in MOMENTS:
        # Under way again, and a little further.
        wait_until(lambda: studio.describe(version)["StatusMessage"] != points[-1])
        time.sleep(moment)
        studio.server.kill()
        studio.server.start()
        points.append(studio.describe(version)["StatusMessage"])
        if points[-1] == READY:
            break
    assert learnt(studio, version) == undisturbed
    assert len(set(points)) > 2, points


def test_a_job_that_the_queue_lost_goes_on(
    launch: Launch, undisturbed: tuple[bytes, Any, Any]
) -> None:
    """As after a full disk, on which the queue could not note what became of its work."""
    server = launch("lost", worker_silence=1.0)
    studio = studio_of(server)
    version = studio.train()
    wait_until(lambda: "looked at" in studio.describe(version)["StatusMessage"])
    server.kill()
    engine = create_engine(f"sqlite:///{server.data_dir / 'jobs.sqlite3'}")
    with engine.begin() as connection:
        lost = text("UPDATE workflow_status SET status = 'ERROR' WHERE status = 'PENDING'")
        assert connection.execute(lost).rowcount == 1
    engine.dispose()
    server.start()
    assert learnt(studio, version) == undisturbed


def test_postgresql_keeps_what_sqlite_does(
    postgresql: Callable[[], str], launch: Launch, undisturbed: tuple[bytes, Any, Any]
) -> None:
    url = postgresql()
    studio = studio_of(launch("postgresql", database_url=url))
    assert learnt(studio, studio.train(), url) == undisturbed


def test_what_happens_while_a_training_waits_does_not_matter(
    launch: Launch, undisturbed: tuple[bytes, Any, Any]
) -> None:
    server = launch("waiting", job_concurrency=0)
    studio = studio_of(server)
    version = studio.train()
    assert "waits for its turn" in studio.describe(version)["StatusMessage"]
    [described] = studio.client.describe_projects()["ProjectDescriptions"]
    train, test = (dataset["DatasetArn"] for dataset in described["Datasets"])
    line = b'{"source-ref":"s3://pictures/red-1.png"}'
    studio.client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": line})
    studio.client.delete_dataset(DatasetArn=test)
    cancelled = studio.train("v2")
    *_, arn, job = server.command("jobs", "list").splitlines()[1].split()
    assert arn == cancelled
    server.command("jobs", "cancel", job)
    found = studio.wait(cancelled)
    assert found["Status"] == "TRAINING_FAILED"
    assert found["StatusMessage"] == "The job was cancelled by the operator of the server."
    studio.client.delete_project_version(ProjectVersionArn=cancelled)
    restart(server, job_concurrency=1)
    assert learnt(studio, version) == undisturbed


def restart(server: ServerProcess, **settings: Any) -> None:
    server.stop()
    server.settings = {**server.settings, **settings}
    server.start()


def test_two_trainings_at_once_and_not_three(launch: Launch) -> None:
    server = launch(job_concurrency=0)
    studio = studio_of(server, 5)
    versions = [studio.train("a"), studio.train("b")]
    message = refused_with("LimitExceededException", studio.train, version="c")
    assert message == "2 trainings in progress for account 000000000000 Maximum limit: 2"
    refused_with(
        "ResourceInUseException",
        studio.client.delete_project_version,
        ProjectVersionArn=versions[0],
    )
    restart(server, job_concurrency=2)
    found = [studio.wait(version) for version in versions]
    assert [each["EvaluationResult"]["F1Score"] for each in found] == [1.0, 1.0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of sixteen megabytes in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={16 * MIB}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_waited_for(small_disk: Path, undisturbed: tuple[bytes, Any, Any]) -> None:
    server = ServerProcess(small_disk / "data", {"packs": ["fake"], "job_concurrency": 0}).start()
    try:
        studio = studio_of(server)
        version = studio.train()
        server.stop()
        server.settings = {"packs": ["fake"], "worker_silence": 3.0}
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        (small_disk / "ballast").write_bytes(bytes(free - 250_000))
        server.start()
        wait_until(lambda: "disk is full" in server.log.read_text())
        assert studio.describe(version)["Status"] == "TRAINING_IN_PROGRESS"
        (small_disk / "ballast").unlink()
        assert learnt(studio, version) == undisturbed
    finally:
        server.close()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)
