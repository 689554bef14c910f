"""The commands `openrekog keys …`: who may call the server."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from openrekog.server.access.keys import KeysFile, KeysFileError, generate_key, revealed
from openrekog.server.access.policies import Policy
from openrekog.server.commands.messages import fail, faults_of, read_settings
from openrekog.server.commands.options import DataDir
from openrekog.server.commands.scopes import read_account

app = typer.Typer(help="Access keys that requests are signed with.", no_args_is_help=True)


def keys_file(data_dir: Path | None) -> KeysFile:
    return KeysFile(read_settings(data_dir=data_dir).keys_path)


@app.command("create")
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


@app.command("list")
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


@app.command("delete")
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
