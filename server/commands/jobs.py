"""The commands `openrekog jobs …`."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from openrekog.server.commands.messages import fail
from openrekog.server.commands.options import DataDir
from openrekog.server.commands.stores import opened_store

if TYPE_CHECKING:
    from openrekog.collections_store.records import Job
    from openrekog.collections_store.store import Transaction

app = typer.Typer(
    help="Background jobs of all accounts: stored videos, bulk analysis and trainings.",
    no_args_is_help=True,
)

CANCELLED = "The job was cancelled by the operator of the server."
# Of a stored video, as `jobs/reading.py` has it, whose libraries take a second to load.
PART_MS = 10_000
HEAD = ("STARTED (UTC)", "STATE", "OPERATION", "ACCOUNT", "REGION", "SOURCE", "JOB ID")


@app.command("list")
def list_jobs(
    data_dir: DataDir = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest to show.")] = 50,
) -> None:
    """List jobs, the newest first."""
    with opened_store(data_dir) as store, store.read() as rows:
        found = rows.jobs.newest(limit)
    if not found:
        typer.echo("There are no jobs.")
        return
    for line in table_of(found):
        typer.echo(line)


@app.command("cancel")
def cancel_job(
    job_id: Annotated[str, typer.Argument(help="The job id.")], data_dir: DataDir = None
) -> None:
    """End a job; it answers FAILED from then on."""
    from openrekog.collections_store.jobs import TRAINING

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


def end_version(rows: "Transaction", job: "Job") -> None:
    """A training that waits for its turn would never find out."""
    version = rows.versions.by_key(orjson.loads(job.source)["Version"])
    if version is not None:
        rows.versions.end(version, "TRAINING_FAILED", CANCELLED)


def table_of(jobs: "Sequence[Job]") -> Iterator[str]:
    """A line for each job below a head, and the reason of a failure below its job."""
    rows = [HEAD, *map(cells_of, jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, job in zip(rows, [None, *jobs], strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
        if job is not None and job.message:
            yield f"    {job.message}"


def cells_of(job: "Job") -> tuple[str, ...]:
    source = orjson.loads(job.source)
    within = orjson.loads(job.request).get("Operation", "")
    return (
        time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(job.created_at)),
        state_of(job),
        f"{job.operation} {within}".rstrip(),
        job.scope.account_id,
        job.scope.region,
        address_of(source),
        job.job_id,
    )


def address_of(source: Mapping[str, Any]) -> str:
    """What a job is about: an object, or the version that is trained."""
    return str(source.get("Arn") or f"s3://{source.get('Bucket')}/{source.get('Name')}")


def state_of(job: "Job") -> str:
    """How far a running job is, as far as it can be known."""
    if job.status != "IN_PROGRESS":
        return job.status
    if job.leader is None:
        return "waiting"
    done, whole = progress_of(job)
    return f"{min(99, 100 * done // whole)} %" if whole else "running"


def progress_of(job: "Job") -> tuple[int, int]:
    """What is done, and of how much; 0 where that is not known."""
    detail: dict[str, Any] = orjson.loads(job.detail or "{}")
    if "of" in detail:
        return detail["done"], detail["of"]
    return job.parts * PART_MS, detail.get("duration_ms", 0)
