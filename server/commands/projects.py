"""The commands `openrekog projects …`: projects of Custom Labels, and the training of models."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.options import DataDir
from openrekog.server.commands.scopes import Account, Region, scope_of
from openrekog.server.commands.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from openrekog.collections_store.records import Project, ProjectVersion, Scope
    from openrekog.collections_store.store import Store, Transaction

app = typer.Typer(help="Projects of Custom Labels, and their models.", no_args_is_help=True)

PAGE = 100
FEATURES = ("CUSTOM_LABELS", "CONTENT_MODERATION")
TRAINING = "TRAINING_IN_PROGRESS"
INTERVAL = 0.5

COLUMNS = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))


@app.command("list")
def list_projects(account: Account = None, region: Region = None, data_dir: DataDir = None) -> None:
    """List projects with their datasets and the versions of their models, the newest first."""
    scope = scope_of(read_settings(data_dir=data_dir), account, region)
    with opened_store(data_dir) as store, store.read() as rows:
        lines = [line for project in projects(rows, scope) for line in lines_of(rows, project)]
    for line in lines or [f"Account {scope.account_id} has no projects in {scope.region}."]:
        typer.echo(line)


def projects(rows: "Transaction", scope: "Scope") -> "Iterator[Project]":
    after: int | None = 0
    while after is not None:
        page = rows.projects.list(scope, PAGE, after or None, features=FEATURES)
        yield from page.items
        after = page.after


def lines_of(rows: "Transaction", project: "Project") -> Iterator[str]:
    yield f"{project.name}  {project.feature}  made {day(project.created_at)}"
    for dataset in rows.datasets.of(project):
        counts = rows.entries.count(dataset)
        told = f"{counts.entries} pictures, {counts.labels} labels"
        yield f"  {dataset.type:5} {told}, {counts.faulty} with errors, {dataset.state.status}"
    for version in rows.versions.list(project, PAGE).items:
        yield f"  {version.name}  {day(version.created_at)}  {state_of(version)}"


def state_of(version: "ProjectVersion") -> str:
    if version.status == TRAINING:
        return f"{version.status}  {version.message or ''}"
    score = f1_score(version)
    return version.status + ("" if score is None else f"  F1 {score:.4f}")


def f1_score(version: "ProjectVersion") -> float | None:
    if version.evaluation is None:
        return None
    told: dict[str, Any] = orjson.loads(version.evaluation)
    return float(told["AggregatedEvaluationResults"]["Metrics"]["F1Score"])


def day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


@app.command("watch")
def watch_training(
    model: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT[/VERSION]|ARN",
            help="A version by name, or by its ARN; without a version the newest.",
        ),
    ],
    account: Account = None,
    region: Region = None,
    data_dir: DataDir = None,
) -> None:
    """Show how far the training of a model is, until it ends; a failure is exit code 1."""
    scope = place_in(model) or scope_of(read_settings(data_dir=data_dir), account, region)
    with opened_store(data_dir) as store, shown_training() as show:
        version = find(store, scope, model)
        while version.status == TRAINING:
            show(version)
            time.sleep(INTERVAL)
            version = find(store, scope, model)
    tell_end(version)


def find(store: "Store", scope: "Scope", model: str) -> "ProjectVersion":
    from openrekog.collections_store.errors import NotFound

    project_name, name = names_in(model)
    with store.read() as rows:
        try:
            project = rows.projects.named(scope, project_name)
        except NotFound:
            fail(
                f"Account {scope.account_id} has no project {project_name} in {scope.region}; "
                "`openrekog projects list` lists those there are."
            )
        found = rows.versions.list(project, 1, names=[name] if name else None).items
    if not found:
        fail(f"The project {project_name} has no {f'version {name}' if name else 'versions'}.")
    return found[0]


def names_in(model: str) -> tuple[str, str | None]:
    """Of arn:...:project/PROJECT/version/VERSION/NUMBER, or PROJECT/VERSION, or PROJECT."""
    parts = model.rpartition(":project/")[2].split("/")
    if model.startswith("arn:"):
        return parts[0], parts[2] if len(parts) == 4 and parts[1] == "version" else None
    return parts[0], parts[1] if len(parts) > 1 else None


def place_in(model: str) -> "Scope | None":
    """An ARN says itself where its version is."""
    from openrekog.collections_store.records import Scope
    from openrekog.server.operations.project_arns import VERSION_ARN

    match = VERSION_ARN.fullmatch(model)
    return Scope(match["account"], match["region"]) if match else None


def tell_end(version: "ProjectVersion") -> None:
    message = version.message or ""
    if version.status == "TRAINING_FAILED":
        fail(f"{version.name}: the training failed. {message}")
    typer.echo(f"{version.name}: {state_of(version)}. {message}".rstrip())
    for place in files_of(version):
        typer.echo(f"  {place}")


def files_of(version: "ProjectVersion") -> Iterator[str]:
    """What people want to read first: the report and the summary of the evaluation."""
    from openrekog.server.jobs.training.files import EVALUATION, REPORT

    written: dict[str, Any] = orjson.loads(version.outputs or "{}")
    for name in (REPORT, EVALUATION):
        if name in written:
            yield f"s3://{written[name]['Bucket']}/{written[name]['Name']}"


@contextmanager
def shown_training() -> "Iterator[Callable[[ProjectVersion], None]]":
    """A bar on a terminal; elsewhere a line whenever something else is to be told."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    with Progress(*COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda version: bar.update(
            task, description=version.message or "", completed=version.progress
        )


class Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: str | None = None

    def __call__(self, version: "ProjectVersion") -> None:
        if version.message != self._last:
            self._last = version.message
            self._console.print(version.message, markup=False, highlight=False)
