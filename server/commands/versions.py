"""`openrekog projects export` and `import`: trained models for other servers and programs."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.models import pull_missing
from openrekog.server.commands.options import DataDir, ModelsDir, ServersPacks
from openrekog.server.commands.scopes import Account, Region, scope_of
from openrekog.server.commands.stores import opened_store, told_faults
from openrekog.server.exchange.archive import README, STANDALONE, ArchiveError, write_archive

NAME = re.compile(r"[a-zA-Z0-9_.\-]{1,255}", re.ASCII)

Version = Annotated[str, typer.Argument(metavar="PROJECT/VERSION")]
Archive = Annotated[Path, typer.Argument(metavar="FOLDER|FILE.zip")]


def export_version(
    version: Version,
    archive: Archive,
    account: Account = None,
    region: Region = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
) -> None:
    """Write a trained model: labels.json, model.onnx for any program that reads ONNX (of
    classifiers), custom_model.onnx and evaluation.json, which `openrekog projects import` takes,
    and README.txt."""
    from openrekog.server.exchange.exports import find_exported

    settings = read_settings(data_dir=data_dir, models_dir=models_dir)
    project, name = names_of(version)
    scope = scope_of(settings, account, region)
    with reported(), opened_store(data_dir) as store:
        exported = find_exported(store, scope, project, name)
        files = exported.files(settings.models_dir)
        write_archive(archive, files)
    typer.echo(f"{', '.join(files)} in {archive}.")
    if STANDALONE not in files:
        typer.echo(f"There is no {STANDALONE}; {README} says why.")


def import_version(
    archive: Archive,
    version: Version,
    account: Account = None,
    region: Region = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    pack: ServersPacks = None,
    trust_graph: Annotated[
        bool,
        typer.Option(
            "--trust-graph",
            help="Take a fine-tuned network, too, whose graph is run as it is: of those only whom "
            "you trust.",
        ),
    ] = False,
) -> None:
    """Take an exported model into a project, which is made if it is not there; it can be started
    at once, also while the server runs."""
    from openrekog.server.exchange.imports import imported

    settings = read_settings(data_dir=data_dir, models_dir=models_dir, packs=pack)
    project, name = names_of(version)
    pull_missing(settings)
    scope = scope_of(settings, account, region)
    with reported():
        typer.echo(imported(settings, archive, scope, project, name, trust_graph=trust_graph))


def names_of(version: str) -> tuple[str, str]:
    project, _, name = version.partition("/")
    if not (NAME.fullmatch(project) and NAME.fullmatch(name)):
        raise typer.BadParameter("write PROJECT/VERSION, of letters, digits, '_', '.' and '-'")
    return project, name


@contextmanager
def reported() -> Iterator[None]:
    """What is wrong with a file, a setting or the disk in words, and exit code 1."""
    with told_faults():
        try:
            yield
        except ArchiveError as error:
            fail(str(error))


COMMANDS: Mapping[str, Callable[..., None]] = {"export": export_version, "import": import_version}
