"""The command `openrekog`."""

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from openrekog.server import (
    celebrity_commands,
    dataset_commands,
    job_commands,
    model_commands,
    project_commands,
    version_commands,
)
from openrekog.server.keys import KeyRing, KeysFile, KeysFileError, generate_key, revealed
from openrekog.server.messages import fail, faults_of, read_settings
from openrekog.server.orders import process_count
from openrekog.server.policies import Policy
from openrekog.server.scopes import read_account
from openrekog.server.settings import Settings

app = typer.Typer(
    help="A self-hosted server that answers the Amazon Rekognition API with real models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys_app = typer.Typer(help="Access keys that requests are signed with.", no_args_is_help=True)
app.add_typer(model_commands.app, name="models")
app.add_typer(keys_app, name="keys")
app.add_typer(job_commands.app, name="jobs")
app.add_typer(celebrity_commands.app, name="celebrities")
app.add_typer(dataset_commands.app, name="datasets")
app.add_typer(project_commands.app, name="projects")
for name, command in version_commands.COMMANDS.items():
    project_commands.app.command(name)(command)

READY = """\
openrekog {version} is ready on {url}
  docs page   {url}/docs
  try it      python -c 'import boto3; print(boto3.client("rekognition", {arguments}).list_collections()["CollectionIds"])'
"""  # noqa: E501 - a line to copy


def main() -> None:
    app()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for all that is stored.")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder for model files.")] = None,
    pack: Annotated[
        list[str] | None, typer.Option(help="Pack to use beside or instead of the defaults.")
    ] = None,
) -> None:
    """Start the server. Every other setting is an environment variable OPENREKOG_…"""
    # Loading the server takes a second that the other commands need not wait for.
    from openrekog.server import starting
    from openrekog.server.listening import url_of
    from openrekog.server.logs import configure_logs

    settings = read_settings(
        host=host, port=port, data_dir=data_dir, models_dir=models_dir, packs=pack
    )
    configure_logs(settings)
    try:
        starting.check_limits(settings)
        keys = starting.open_keys(settings)
        listener = starting.take_address(settings)
        model_commands.pull_missing(settings)
        text = ready_text(url_of(listener), signed=keys.required)
        run_server(settings, keys, listener, lambda: typer.echo(text))
    except (starting.RefusedError, KeysFileError) as error:
        fail(str(error))


@app.command()
def worker(
    data_dir: Annotated[Path | None, typer.Option(help="Folder for all that is stored.")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder for model files.")] = None,
    pack: Annotated[
        list[str] | None, typer.Option(help="Pack to use beside or instead of the defaults.")
    ] = None,
) -> None:
    """Work on background jobs without serving requests: beside a server, or on other machines with
    the same PostgreSQL database and object store."""
    from openrekog.server import serving, starting
    from openrekog.server.logs import configure_logs

    settings = read_settings(data_dir=data_dir, models_dir=models_dir, packs=pack)
    configure_logs(settings)
    try:
        model_commands.pull_missing(settings)
        serving.work(settings, lambda name: typer.echo(f"openrekog worker {name} is ready"))
    except starting.RefusedError as error:
        fail(str(error))


def run_server(
    settings: Settings, keys: KeyRing, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """In this process, or in several of which this one holds no models."""
    if process_count(settings) > 1:
        from openrekog.server import supervisor

        supervisor.run(settings, keys, listener, ready)
    else:
        from openrekog.server import serving
        from openrekog.server.listening import build_server

        serving.run(
            settings,
            keys,
            lambda app: build_server(app, settings.shutdown_timeout, ready).run(sockets=[listener]),
        )


def ready_text(url: str, *, signed: bool) -> str:
    arguments = [f'endpoint_url="{url}"', 'region_name="us-east-1"']
    if not signed:
        arguments += ['aws_access_key_id="any"', 'aws_secret_access_key="any"']
    return READY.format(
        version=installed_version("openrekog"), url=url, arguments=", ".join(arguments)
    )


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("openrekog"))


DataDir = Annotated[Path | None, typer.Option(help="Folder of the server's data.")]


def keys_file(data_dir: Path | None) -> KeysFile:
    return KeysFile(read_settings(data_dir=data_dir).keys_path)


@keys_app.command("create")
def create_key(
    account: Annotated[
        str,
        typer.Option(
            parser=read_account, metavar="ID", help="Account of the key: 12 digits of your choice."
        ),
    ],
    policy: Annotated[
        Path | None, typer.Option(help="File with an IAM policy; without one all is allowed.")
    ] = None,
    expires_in: Annotated[
        int | None,
        typer.Option(min=60, help="Seconds until it expires: makes a key with a session token."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make an access key and print it as JSON; the secret is not shown again."""
    lifetime = None if expires_in is None else timedelta(seconds=expires_in)
    key = generate_key(account, read_policy(policy), lifetime)
    try:
        keys_file(data_dir).add(key)
    except KeysFileError as error:
        fail(str(error))
    typer.echo(json.dumps(revealed(key), indent=2))


def read_policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        return Policy.model_validate_json(path.read_bytes())
    except OSError as error:
        fail(f"Cannot read {path}: {error.strerror}")
    except ValidationError as error:
        fail("\n".join([f"{path} is not a policy that can be used:", *faults_of(error)]))


@keys_app.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """List the keys, without their secrets."""
    try:
        keys = keys_file(data_dir).read()
    except KeysFileError as error:
        fail(str(error))
    for key in keys:
        notes = ["policy" if key.policy else "all allowed"]
        if key.expires:
            notes.append(f"expires {key.expires:%Y-%m-%d %H:%M} UTC")
        typer.echo(
            f"{key.access_key_id}  account {key.account_id}  "
            f"created {key.created:%Y-%m-%d}  {', '.join(notes)}"
        )
    if not keys:
        typer.echo("There are no keys: on a loopback address every request is accepted.")


@keys_app.command("delete")
def delete_key(
    key: Annotated[str, typer.Argument(help="The access key id.")], data_dir: DataDir = None
) -> None:
    """Delete a key; a running server refuses it from then on."""
    try:
        found = keys_file(data_dir).delete(key)
    except KeysFileError as error:
        fail(str(error))
    if not found:
        fail(f"There is no key {key}.")
    typer.echo(f"Deleted {key}.")
