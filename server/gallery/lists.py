"""Who is to be in the gallery of celebrities: read from a folder of pictures or a CSV file, and the
gallery as a CSV file."""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, get_args

from openrekog.api_spec.shapes import KnownGenderType
from openrekog.collections_store.records import Celebrity, CelebrityDetails

PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif"}
)
GENDERS = get_args(KnownGenderType)
WIKIDATA_ID = re.compile(r"Q[1-9]\d*", re.ASCII)
SCHEME = re.compile(r"https?://", re.IGNORECASE)
MOST_CHARACTERS = 255

SEPARATOR = ";"
GIVEN = ("name", "images", "wikidata_id", "urls", "known_gender", "licence", "consent", "source")
TOLD = ("id", "faces", "added")  # of an export; an import does not ask for them


class ListError(Exception):
    """The list cannot be used; the message has a line for each fault."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A person with pictures. `place` is where in the list that is said."""

    details: CelebrityDetails
    pictures: tuple[Path, ...]
    place: str


def read_list(path: Path, notes: Mapping[str, str]) -> list[Listed]:
    """The people of a folder or CSV file; `notes` are details for all who have none of their own.

    Raises ListError, or OSError if something cannot be read.
    """
    found = list(_in_folder(path, notes)) if path.is_dir() else _in_csv(path, notes)
    if not found:
        raise ListError(
            f"{path} lists nobody. A folder holds a folder of pictures for each person, or one "
            "picture for each, named after the person; a CSV file has a line for each."
        )
    return found


def _in_folder(folder: Path, notes: Mapping[str, str]) -> Iterator[Listed]:
    people: dict[str, list[Path]] = {}
    for path in _shown(folder):
        if path.is_dir():
            people.setdefault(_name_of(path.name), []).extend(
                sorted(picture for picture in _shown(path) if _is_picture(picture))
            )
        elif _is_picture(path):
            people.setdefault(_name_of(path.stem), []).append(path)
    for name, pictures in people.items():
        details, faults = _details({"name": name, **notes})
        if faults:
            raise ListError(f"{folder}, {name!r}: {faults[0]}")
        yield Listed(details, tuple(pictures), str(folder))


def _shown(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES


def _name_of(stem: str) -> str:
    """File names often have underscores where the name has spaces."""
    return " ".join(stem.replace("_", " ").split())


def _in_csv(path: Path, notes: Mapping[str, str]) -> list[Listed]:
    # Spreadsheets begin their UTF-8 with a byte order mark.
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return _checked(path, list(_rows(path, file, notes)))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ListError(f"{path} is no CSV file in UTF-8: {error}") from error


def _rows(
    path: Path, file: IO[str], notes: Mapping[str, str]
) -> Iterator[tuple[Listed, list[str]]]:
    reader = csv.DictReader(file, restkey="more", restval="")
    _check_columns(path, reader.fieldnames or ())
    for row in reader:
        place = f"{path}, line {reader.line_num}"
        given = {name: row[name].strip() for name in GIVEN if name in row}
        details, faults = _details({**notes, **{k: v for k, v in given.items() if v}})
        pictures = tuple(path.parent / name for name in _parts(given.get("images", "")))
        missing = [f"there is no file {each}" for each in pictures if not each.is_file()]
        more = ["more fields than columns"] if "more" in row else []
        yield Listed(details, pictures, place), [*more, *faults, *missing]


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in (*GIVEN, *TOLD)]
    if "name" not in columns or unknown:
        named = f" not {', '.join(map(repr, unknown))}," if unknown else ""
        raise ListError(
            f"{path}: the first line must name columns,{named} of {', '.join(GIVEN)}; "
            "name is needed."
        )


def _checked(path: Path, rows: Sequence[tuple[Listed, list[str]]]) -> list[Listed]:
    faults = [f"{person.place}: {fault}" for person, found in rows for fault in found]
    names = Counter(person.details.wikidata_id or person.details.name for person, _ in rows)
    faults += [
        f"{path}: {name} is there {count} times; list all pictures of a person in one line"
        for name, count in names.items()
        if count > 1 and name
    ]
    if faults:
        raise ListError("\n".join(faults))
    return [person for person, _ in rows]


def _details(given: Mapping[str, str]) -> tuple[CelebrityDetails, list[str]]:
    """What is said of a person, and what of it is wrong."""
    urls = tuple(SCHEME.sub("", url, count=1) for url in _parts(given.get("urls", "")))
    details = CelebrityDetails(
        # Some file systems take accents apart; one name is one person however it was typed.
        name=unicodedata.normalize("NFC", given.get("name", "")),
        wikidata_id=given.get("wikidata_id"),
        urls=urls or None,
        known_gender=_gender(given.get("known_gender")),
        licence=given.get("licence"),
        consent=given.get("consent"),
        source=given.get("source"),
    )
    return details, [fault for check in CHECKS for fault in check(details)]


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEPARATOR) if part.strip()]


def _gender(word: str | None) -> str | None:
    """In the API's spelling, if it is one of its words."""
    return next((known for known in GENDERS if word and known.lower() == word.lower()), word)


def _check_name(details: CelebrityDetails) -> Iterator[str]:
    if not 0 < len(details.name) <= MOST_CHARACTERS:
        yield f"a name has 1 to {MOST_CHARACTERS} characters"


def _check_gender(details: CelebrityDetails) -> Iterator[str]:
    if details.known_gender not in (None, *GENDERS):
        yield f"known_gender {details.known_gender!r} is none of {', '.join(GENDERS)}"


def _check_wikidata_id(details: CelebrityDetails) -> Iterator[str]:
    if details.wikidata_id is not None and not WIKIDATA_ID.fullmatch(details.wikidata_id):
        yield f"wikidata_id {details.wikidata_id!r} is not like Q11641"


CHECKS: Sequence[Callable[[CelebrityDetails], Iterable[str]]] = (
    _check_name,
    _check_gender,
    _check_wikidata_id,
)


def day_of(person: Celebrity) -> str:
    return f"{datetime.fromtimestamp(person.created_at, UTC):%Y-%m-%d}"


def write_list(
    file: IO[str], people: Iterable[Celebrity], faces: Mapping[str, Mapping[str, int]]
) -> None:
    """The gallery in the columns of an import, without the pictures, which nobody keeps."""
    columns = [name for name in GIVEN if name != "images"]
    writer = csv.DictWriter(file, [*columns, *TOLD], lineterminator="\n")
    writer.writeheader()
    for person in people:
        said = {name: getattr(person.details, name) or "" for name in columns}
        said["urls"] = SEPARATOR.join(person.details.urls or ())
        counts = faces.get(person.celebrity_id, {})
        writer.writerow(
            {
                **said,
                "id": person.celebrity_id,
                "faces": SEPARATOR.join(f"{model} {count}" for model, count in counts.items()),
                "added": day_of(person),
            }
        )
