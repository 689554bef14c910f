"""The commands `openrekog celebrities …`: the gallery of faces that RecognizeCelebrities knows."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openrekog.models.store import Step
from openrekog.server.commands.messages import fail, read_settings
from openrekog.server.commands.models import pull_missing
from openrekog.server.commands.options import DataDir, ModelsDir, ServersPacks
from openrekog.server.commands.progress import shown_progress
from openrekog.server.commands.stores import opened_store, told_faults

if TYPE_CHECKING:
    from openrekog.collections_store.store import Celebrity, Transaction
    from openrekog.server.gallery.imports import Outcome

app = typer.Typer(
    help="People whom RecognizeCelebrities knows: nobody, until you import pictures.",
    no_args_is_help=True,
)

STANDARD_OUTPUT = Path("-")


@app.command("import")
def import_celebrities(
    people: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|CSV",
            help="A folder with a folder of pictures for each person, or with one picture for "
            "each, named after the person; or a CSV file with the columns name and images.",
        ),
    ],
    licence: Annotated[
        str | None, typer.Option(help="Licence of the pictures, noted with each person.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="Why these people may be recognised, noted with each.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Where the pictures are from, noted with each person.")
    ] = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    pack: ServersPacks = None,
) -> None:
    """Take people into the gallery, or bring those who are in it up to date.

    The pictures given for a person replace those of an earlier import; the same import again
    changes nothing. A running server knows the people at once. Pictures are not kept.
    """
    from openrekog.server.gallery.imports import importing
    from openrekog.server.gallery.lists import ListError, read_list

    settings = read_settings(data_dir=data_dir, models_dir=models_dir, packs=pack)
    notes = {"licence": licence, "consent": consent, "source": source}
    try:
        listed = read_list(people, {name: text for name, text in notes.items() if text})
    except ListError as error:
        fail(str(error))
    except OSError as error:
        fail(f"Cannot read {error.filename or people}: {error.strerror}")
    pull_missing(settings)
    outcomes: list[Outcome] = []
    with told_faults(), importing(settings) as importer, shown_progress() as progress:
        for number, person in enumerate(listed):
            progress(Step(person.details.name, number, len(listed)))
            outcomes.append(importer.take(person))
            for line in outcomes[-1].lines:
                typer.echo(line, err=True)
    finish(outcomes)


def finish(outcomes: "list[Outcome]") -> None:
    """The summary; somebody left out is a failure."""
    counts = Counter(outcome.state for outcome in outcomes)
    pictures = sum(outcome.pictures for outcome in outcomes)
    stored = [outcome.celebrity.details for outcome in outcomes if outcome.celebrity]
    by = f", by {pictures} picture{'' if pictures == 1 else 's'}" if pictures else ""
    typer.echo(
        f"{people_of(len(stored))} imported: {counts['new']} new, "
        f"{counts['changed']} changed, {counts['unchanged']} unchanged{by}."
    )
    unnoted = sum(not (details.licence or details.consent) for details in stored)
    if unnoted:
        typer.echo(
            f"No licence and no consent is noted for {people_of(unnoted)}: "
            "--licence and --consent note them for all."
        )
    if counts["left out"]:
        fail(f"{people_of(counts['left out'])} left out.")


def people_of(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


@app.command("list")
def list_celebrities(data_dir: DataDir = None) -> None:
    """List the people by name, with their faces and by which model those were embedded."""
    with opened_store(data_dir) as store, store.read() as rows:
        people, faces = rows.celebrities.list(), rows.celebrities.face_counts()
    for person in people:
        typer.echo(
            f"{person.celebrity_id}  {person.details.name}: "
            f"{'; '.join(notes_of(person, faces.get(person.celebrity_id, {})))}"
        )
    if not people:
        typer.echo("The gallery is empty: `openrekog celebrities import FOLDER` fills it.")


def notes_of(person: "Celebrity", faces: Mapping[str, int]) -> Iterator[str]:
    counts = (f"{n} face{'' if n == 1 else 's'} ({model})" for model, n in faces.items())
    yield ", ".join(counts) or "no faces"
    if person.details.wikidata_id:
        yield person.details.wikidata_id
    yield f"licence: {person.details.licence or 'none noted'}"
    yield f"consent: {person.details.consent or 'none noted'}"


@app.command("delete")
def delete_celebrity(
    person: Annotated[str, typer.Argument(metavar="ID|NAME", help="Whom to delete.")],
    data_dir: DataDir = None,
) -> None:
    """Delete a person with all faces; a running server forgets them at once."""
    with opened_store(data_dir) as store:
        with store.write() as rows:
            found = named(rows, person)
            if len(found) != 1:
                fail(not_one(person, found))
            faces = rows.celebrities.delete(found[0].celebrity_id)
        store.scrub()
    typer.echo(
        f"Deleted {found[0].details.name} ({found[0].celebrity_id}) with {faces} "
        f"face{'' if faces == 1 else 's'}."
    )


def named(rows: "Transaction", person: str) -> "list[Celebrity]":
    from openrekog.collections_store.errors import NotFound

    try:
        return [rows.celebrities.get(person)]
    except NotFound:
        return rows.celebrities.called(person)


def not_one(person: str, found: "list[Celebrity]") -> str:
    if not found:
        return f"There is no {person} in the gallery."
    ids = ", ".join(each.celebrity_id for each in found)
    return f"{len(found)} people are called {person}: give one of the ids {ids}."


@app.command("export")
def export_celebrities(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|-", help="- is standard output.")],
    data_dir: DataDir = None,
) -> None:
    """Write what is said of everybody as CSV, in the columns that an import takes.

    Pictures are not kept, so the column images is yours to add.
    """
    from openrekog.server.gallery.lists import write_list

    with opened_store(data_dir) as store, store.read() as rows:
        people, faces = rows.celebrities.list(), rows.celebrities.face_counts()
    try:
        with (
            nullcontext(sys.stdout)
            if file == STANDARD_OUTPUT
            else file.open("w", encoding="utf-8", newline="")
        ) as stream:
            write_list(stream, people, faces)
    except OSError as error:
        fail(f"Cannot write {file}: {error.strerror}.")
    if file != STANDARD_OUTPUT:
        typer.echo(f"{people_of(len(people))} in {file}.")
