"""The command `openrekog`."""

import shlex
import socket
import sys
from collections.abc import Callable
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

from openrekog.server.access.keys import KeyRing, KeysFileError
from openrekog.server.commands import celebrities, datasets, jobs, keys, models, projects, versions
from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.options import ModelsDir
from openrekog.server.processes.orders import process_count
from openrekog.server.settings import Settings

app = typer.Typer(
    help="A self-hosted server that answers the Amazon Rekognition API with real models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(jobs.app, name="jobs")
app.add_typer(celebrities.app, name="celebrities")
app.add_typer(datasets.app, name="datasets")
app.add_typer(projects.app, name="projects")
for name, command in versions.COMMANDS.items():
    projects.app.command(name)(command)

Data = Annotated[Path | None, typer.Option(help="Folder for all that is stored.")]
Packs = Annotated[
    list[str] | None, typer.Option(help="Pack to use beside or instead of the defaults.")
]

READY = """\
openrekog {version} is ready on {url}
  docs page   {url}/docs
  try it      {python} -c 'import boto3; print(boto3.client("rekognition", {arguments}).list_collections()["CollectionIds"])'
"""  # noqa: E501 - a line to copy


def main() -> None:
    app()


def tell_version(asked: bool) -> None:
    if asked:
        typer.echo(installed_version("openrekog"))
        raise typer.Exit


@app.callback()
def openrekog(
    _: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="As `version`.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    data_dir: Data = None,
    models_dir: ModelsDir = None,
    pack: Packs = None,
) -> None:
    """Start the server. Every other setting is an environment variable OPENREKOG_…"""
    # Loading the server takes a second that the other commands need not wait for.
    from openrekog.server.logs import configure_logs
    from openrekog.server.processes import starting
    from openrekog.server.processes.listening import url_of

    settings = read_settings(
        host=host, port=port, data_dir=data_dir, models_dir=models_dir, packs=pack
    )
    configure_logs(settings)
    try:
        starting.check_limits(settings)
        ring = starting.open_keys(settings)
        listener = starting.take_address(settings)
        models.pull_missing(settings)
        text = ready_text(url_of(listener), signed=ring.required)
        run_server(settings, ring, listener, lambda: typer.echo(text))
    except (starting.RefusedError, KeysFileError) as error:
        fail(str(error))


@app.command()
def worker(
    data_dir: Data = None,
    models_dir: ModelsDir = None,
    pack: Packs = None,
) -> None:
    """Work on background jobs without serving requests: beside a server, or on other machines with
    the same PostgreSQL database and object store."""
    from openrekog.server.logs import configure_logs
    from openrekog.server.processes import serving, starting

    settings = read_settings(data_dir=data_dir, models_dir=models_dir, packs=pack)
    configure_logs(settings)
    try:
        models.pull_missing(settings)
        serving.work(settings, lambda name: typer.echo(f"openrekog worker {name} is ready"))
    except starting.RefusedError as error:
        fail(str(error))


def run_server(
    settings: Settings, ring: KeyRing, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """In this process, or in several of which this one holds no models."""
    if process_count(settings) > 1:
        from openrekog.server.processes import supervisor

        supervisor.run(settings, ring, listener, ready)
    else:
        from openrekog.server.processes import serving
        from openrekog.server.processes.listening import build_server

        serving.run(
            settings,
            ring,
            lambda app: build_server(app, settings.shutdown_timeout, ready).run(sockets=[listener]),
        )


def ready_text(url: str, *, signed: bool) -> str:
    arguments = [f'endpoint_url="{url}"', 'region_name="us-east-1"']
    if not signed:
        arguments += ['aws_access_key_id="any"', 'aws_secret_access_key="any"']
    return READY.format(
        version=installed_version("openrekog"),
        url=url,
        python=this_python(),
        arguments=", ".join(arguments),
    )


def this_python() -> str:
    """The interpreter that has boto3, as one types it here: many systems have no `python`."""
    path, here = Path(sys.executable), Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


@app.command()
def version() -> None:
    """Print the version."""
    tell_version(asked=True)
