"""The commands `openrekog jobs …`."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from openrekog.collections_store.errors import StoreError
from openrekog.collections_store.jobs import TRAINING
from openrekog.collections_store.records import Job
from openrekog.collections_store.store import Store, Transaction
from openrekog.server.messages import fail, read_settings

app = typer.Typer(help="Background jobs of all accounts.", no_args_is_help=True)

CANCELLED = "The job was cancelled by the operator of the server."
PART_SECONDS = 10

DataDir = Annotated[Path | None, typer.Option(help="Folder of the server's data.")]


@app.command("list")
def list_jobs(
    data_dir: DataDir = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest to show.")] = 50,
) -> None:
    """List jobs, the newest first."""
    with opened_store(data_dir) as store, store.read() as rows:
        found = rows.jobs.newest(limit)
    for job in found:
        typer.echo(line_of(job))
    if not found:
        typer.echo("There are no jobs.")


@app.command("cancel")
def cancel_job(
    job_id: Annotated[str, typer.Argument(help="The job id.")], data_dir: DataDir = None
) -> None:
    """End a job; it answers FAILED from then on."""
    with opened_store(data_dir) as store, store.write() as rows:
        job = rows.jobs.by_id(job_id)
        if job is None:
            fail(f"There is no job {job_id}.")
        ended = rows.jobs.end(job, "FAILED", CANCELLED)
        if ended and job.operation == TRAINING:
            end_version(rows, job)
    if not ended:
        fail(f"Job {job_id} had ended already.")
    typer.echo(f"Cancelled {job_id}.")


def end_version(rows: Transaction, job: Job) -> None:
    """A training that waits for its turn would never find out."""
    version = rows.versions.by_key(orjson.loads(job.source)["Version"])
    if version is not None:
        rows.versions.end(version, "TRAINING_FAILED", CANCELLED)


@contextmanager
def opened_store(data_dir: Path | None) -> Iterator[Store]:
    # Loading SQLAlchemy takes half a second that the other commands need not wait for.
    from openrekog.server.services import open_store

    try:
        store = open_store(read_settings(data_dir=data_dir), serving=False)
    except (StoreError, OSError) as error:
        fail(str(error))
    try:
        yield store
    finally:
        store.close()


def line_of(job: Job) -> str:
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(job.created_at))
    source = orjson.loads(job.source)
    parts = [
        f"{job.job_id}  {started} UTC  {job.operation:20} {state_of(job):12}",
        f"account {job.scope.account_id}  {source.get('Arn') or address_of(source)}",
        *([f"  {job.message}"] if job.message else []),
    ]
    return "  ".join(parts)


def address_of(source: Mapping[str, Any]) -> str:
    return f"s3://{source.get('Bucket')}/{source.get('Name')}"


def state_of(job: Job) -> str:
    """How far a running job is, as far as it can be known."""
    detail: dict[str, Any] = orjson.loads(job.detail or "{}")
    seconds = detail.get("duration_ms", 0) / 1000
    if job.status != "IN_PROGRESS" or not seconds:
        return job.status
    return f"{min(99, round(100 * job.parts * PART_SECONDS / seconds))} %"
