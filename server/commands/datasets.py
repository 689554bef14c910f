"""The commands `openrekog datasets …`: pictures that custom models are trained with.

They work on the data folder and the object store of a server, as `celebrities` does, and not
through its API: the API takes no pictures for datasets, only names of objects, so whoever imports
must be able to write to the buckets anyway. A server may be running; it knows the pictures at once.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from openrekog.models.store import Step
from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.options import DataDir
from openrekog.server.commands.progress import shown_progress
from openrekog.server.commands.scopes import Account, Region, scope_of
from openrekog.server.commands.stores import told_faults

if TYPE_CHECKING:
    from openrekog.collections_store.records import DatasetType, Project
    from openrekog.server.datasets.imports import Importer, Outcome
    from openrekog.server.datasets.layouts import Layout, Sample
    from openrekog.server.settings import Settings

app = typer.Typer(
    help="Datasets of Custom Labels: the pictures that models are trained with.",
    no_args_is_help=True,
)

PROJECT_NAME = re.compile(r"[a-zA-Z0-9_.\-]{1,255}", re.ASCII)
BUCKET = re.compile(r"[0-9A-Za-z.\-_]{3,255}", re.ASCII)
DEFAULT_BUCKET = "custom-labels"

SHOWN_LABELS, SHOWN_LINES = 10, 20

NAMES: "Mapping[DatasetType, str]" = {"TRAIN": "training", "TEST": "test"}


@app.command("import")
def import_dataset(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Folders of pictures named by label, alone or in train/ and test/; or pictures "
            "with COCO or YOLO annotations.",
        ),
    ],
    project: Annotated[str, typer.Option(help="Project; it is made if there is none.")],
    kind: Annotated[
        Literal["TRAIN", "TEST"] | None,
        typer.Option(
            "--type",
            help="Take the pictures for this dataset alone; without it, what is in train/ and "
            "test/ goes to both, and anything else is to train with.",
        ),
    ] = None,
    bucket: Annotated[
        str, typer.Option(help="Bucket that the pictures are copied into.")
    ] = DEFAULT_BUCKET,
    replace: Annotated[
        bool, typer.Option("--replace", help="Empty the datasets before, if they are there.")
    ] = False,
    account: Account = None,
    region: Region = None,
    data_dir: DataDir = None,
) -> None:
    """Take a folder of labelled pictures into a project.

    Pictures are copied into a bucket of the server. The same import again changes nothing; more
    pictures are added, and changed labels replace those that were there. A server may be running.
    """
    from openrekog.server.datasets.copies import ImportRefusedError, Place
    from openrekog.server.datasets.imports import importing

    settings = read_settings(data_dir=data_dir)
    check_names(project, bucket)
    scope = scope_of(settings, account, region)
    layout = read(folder, kind)
    describe(folder, layout)
    with told_faults():
        try:
            with importing(settings, scope, Place(bucket, project)) as importer:
                made = importer.project(project)
                outcomes = take(importer, made, layout, replace=replace)
        except ImportRefusedError as error:
            fail(str(error))
    for part, outcome in outcomes.items():
        tell(part, outcome)
    if not any(outcome.taken for outcome in outcomes.values()):
        fail("No picture was imported.")
    typer.echo(what_next(settings, made, bucket))


def check_names(project: str, bucket: str) -> None:
    if not PROJECT_NAME.fullmatch(project):
        fail(
            f"{project!r} is no name for a project: letters, digits, '_', '.' and '-', 255 at most."
        )
    if not BUCKET.fullmatch(bucket):
        fail(f"{bucket!r} is no name for a bucket: 3 to 255 letters, digits, '.', '-' and '_'.")


def read(folder: Path, kind: "DatasetType | None") -> "Layout":
    """What the folder holds; of one that has both parts only the wanted one, and of any other all
    of it."""
    from openrekog.server.datasets.coco import read_coco
    from openrekog.server.datasets.layouts import LayoutError, read_label_folders, read_layout
    from openrekog.server.datasets.yolo import read_yolo

    try:
        layout = read_layout(folder, (read_coco, read_yolo, read_label_folders))
    except (LayoutError, OSError) as error:
        fail(str(error))
    if kind is not None:
        [*parts] = layout.parts
        layout.parts = {kind: layout.parts[kind if kind in parts and len(parts) > 1 else parts[0]]}
    if not any(layout.parts.values()):
        fail(f"{folder} holds no pictures for this dataset.")
    return layout


def describe(folder: Path, layout: "Layout") -> None:
    """What was found, before the work that may take long."""
    from openrekog.server.datasets.layouts import counted

    typer.echo(f"{folder}: {layout.kind}.")
    for part, samples in layout.parts.items():
        counts = Counter(name for each in samples for name in {label.name for label in each.truth})
        typer.echo(f"  {NAMES[part]}: {counted(len(samples))}, {labels_of(counts)}")
        if part == "TRAIN" and len(counts) < 2 and not samples[0].located:
            typer.echo("  To train, 2 labels at least are needed: one to tell from another.")
    tell_lines(layout.remarks)


def labels_of(counts: "Counter[str]") -> str:
    """How many pictures have each label, of which so many are named."""
    named = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    shown = ", ".join(f"{name} {count}" for name, count in named[:SHOWN_LABELS])
    more = f", and {len(named) - SHOWN_LABELS} more" if len(named) > SHOWN_LABELS else ""
    return f"{len(named)} label{'' if len(named) == 1 else 's'}: {shown}{more}"


def take(
    importer: "Importer", project: "Project", layout: "Layout", *, replace: bool
) -> "dict[DatasetType, Outcome]":
    with shown_progress() as progress:

        def imported(part: "DatasetType", samples: "Sequence[Sample]") -> "Outcome":
            def told(done: int) -> None:
                progress(Step(f"{NAMES[part]} pictures", done, len(samples)))

            return importer.take(project, part, samples, told, replace=replace)

        return {part: imported(part, samples) for part, samples in layout.parts.items()}


def tell(part: "DatasetType", outcome: "Outcome") -> None:
    from openrekog.server.datasets.layouts import counted

    tell_lines(outcome.lines)
    typer.echo(
        f"{counted(outcome.taken)} in the {NAMES[part]} dataset: {outcome.copied} copied, "
        f"{outcome.taken - outcome.copied} there already"
        + (f", {len(outcome.lines)} left out." if outcome.lines else ".")
    )
    if outcome.others > 0:
        typer.echo(
            f"It has {counted(outcome.others)} more, from elsewhere or from before; --replace "
            "imports without them."
        )
    for code, count in outcome.faults.most_common():
        typer.echo(f"{code}: labels of {counted(count)} are left out for this.", err=True)


def tell_lines(lines: Sequence[str]) -> None:
    """The first ones: of a hundred thousand pictures that are missing nobody reads the names."""
    for line in lines[:SHOWN_LINES]:
        typer.echo(line, err=True)
    if len(lines) > SHOWN_LINES:
        typer.echo(f"... and {len(lines) - SHOWN_LINES} more like these.", err=True)


def what_next(settings: "Settings", project: "Project", bucket: str) -> str:
    from openrekog.server.operations.project_arns import project_arn

    return (
        f"The project is {project_arn(project)}\n"
        "Train a model with it, and watch:\n"
        f"  aws rekognition create-project-version --endpoint-url http://{settings.host}:"
        f"{settings.port} --region {project.scope.region} \\\n"
        f"    --project-arn {project_arn(project)} \\\n"
        f"    --version-name v1 --output-config S3Bucket={bucket},S3KeyPrefix=results\n"
        f"  openrekog projects watch {project.name}/v1"
    )
