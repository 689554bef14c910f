"""The commands `openrekog models …`, and the pull that `serve` starts with."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from openrekog.models.fetch import FetchError
from openrekog.models.pack import (
    LicenceNotAcceptedError,
    Pack,
    UnknownPackError,
    check_licences,
    default_packs,
    find,
)
from openrekog.models.store import PackStore, WrongHashError
from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.options import ModelsDir
from openrekog.server.commands.progress import shown_progress
from openrekog.server.packs import chosen_packs
from openrekog.server.settings import Settings

app = typer.Typer(
    help="Model packs: what there is, and what is on this machine.", no_args_is_help=True
)

MEGABYTE = 1_000_000
PULL_FAULTS = (FetchError, WrongHashError, LicenceNotAcceptedError, UnknownPackError, OSError)

Names = Annotated[list[str] | None, typer.Argument(help="Packs; without names the defaults.")]


@app.command("list")
def list_packs(models_dir: ModelsDir = None) -> None:
    """List every pack with what it does, its licence and size, and whether it is here."""
    settings = read_settings(models_dir=models_dir)
    try:
        states = PackStore(settings.models_dir).states()
    except OSError as error:
        fail(str(error))
    width = max(len(state.pack.name) for state in states)
    for state in states:
        pack, here = state.pack, "here" if state.present else "not here"
        kind = "default" if pack.default else "opt-in"
        size = f"{pack.size_bytes / MEGABYTE:.1f} MB" if pack.size_bytes else "own files"
        size = size if pack.files else "no files"
        typer.secho(
            f"{pack.name:{width}} {kind:8} {size:>9}  {here:9} {pack.licence.name}", bold=True
        )
        typer.echo(f"    {', '.join(name.replace('_', ' ') for name in pack.capabilities)}")


@app.command("pull")
def pull_packs(
    packs: Names = None,
    models_dir: ModelsDir = None,
    accept_licence: Annotated[
        list[str] | None, typer.Option(help="Licence of an opt-in pack that you accept, by name.")
    ] = None,
    own_files: Annotated[
        Path | None, typer.Option(help="Folder with the source files, instead of the network.")
    ] = None,
) -> None:
    """Fetch packs, verify them and make them ready."""
    settings = read_settings(models_dir=models_dir)
    try:
        chosen = named_or_default(packs)
        check_licences(chosen, (*settings.accept_licences, *(accept_licence or ())))
        pull(settings, chosen, own_files)
    except PULL_FAULTS as error:
        fail(hinted(error))
    typer.echo(f"{count(chosen)} in {settings.models_dir}.")


@app.command("verify")
def verify_packs(packs: Names = None, models_dir: ModelsDir = None) -> None:
    """Compare the files of packs with their hashes."""
    settings = read_settings(models_dir=models_dir)
    try:
        chosen = named_or_default(packs)
        faults = PackStore(settings.models_dir).verify(chosen)
    except (UnknownPackError, OSError) as error:
        fail(str(error))
    if faults:
        fail("\n".join(faults))
    typer.echo(f"{count(chosen)} in {settings.models_dir}, every file as it should be.")


def named_or_default(names: list[str] | None) -> tuple[Pack, ...]:
    return find(names) if names else default_packs()


def count(packs: Iterable[Pack]) -> str:
    number = len(list(packs))
    return f"{number} pack{'' if number == 1 else 's'}"


def pull_missing(settings: Settings) -> None:
    """Fetches what this server needs and does not have yet."""
    try:
        pull(settings, chosen_packs(settings), None)
    except PULL_FAULTS as error:
        fail(hinted(error))


def hinted(error: Exception) -> str:
    """The message, and how a licence is accepted where one has to be."""
    if not isinstance(error, LicenceNotAcceptedError):
        return str(error)
    return (
        f"{error}\n`models pull` takes the name by --accept-licence, "
        "and the server by OPENREKOG_ACCEPT_LICENCES='[\"NAME\"]'."
    )


def pull(settings: Settings, packs: tuple[Pack, ...], own_files: Path | None) -> None:
    store = PackStore(settings.models_dir)
    missing = store.missing(packs, own_files)
    if not missing:
        return
    size = sum(pack.size_bytes for pack in missing) / MEGABYTE
    known = f" ({size:.1f} MB when ready)" if size else ""
    typer.echo(f"Fetching {count(missing)}{known} into {settings.models_dir}, once.", err=True)
    with shown_progress() as progress:
        store.pull(missing, progress, own_files)
