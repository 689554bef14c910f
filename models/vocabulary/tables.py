"""Reads the tables of this folder, strictly: a slip in one is an error that names its row."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

LIST = "|"
"""Separates the values of a column that holds several."""

FLAGS: Mapping[str, bool] = {"yes": True, "no": False}


class VocabularyError(ValueError):
    """A table says something that cannot be."""


def read_table(name: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of NAME.csv, whose columns must be exactly these."""
    table = files("openrekog.models.vocabulary") / f"{name}.csv"
    reader = csv.DictReader(table.read_text("utf-8").splitlines(), strict=True)
    if list(reader.fieldnames or ()) != list(columns):
        raise VocabularyError(f"{name}.csv has the columns {reader.fieldnames}")
    for row in reader:
        if None in row or None in row.values():
            raise VocabularyError(f"{name}.csv: line {reader.line_num} has not {len(columns)}")
        yield row


def read_list(value: str) -> tuple[str, ...]:
    return tuple(value.split(LIST)) if value else ()


def read_flag(value: str) -> bool:
    if value not in FLAGS:
        raise VocabularyError(f"neither yes nor no: {value!r}")
    return FLAGS[value]
