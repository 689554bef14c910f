"""The labels of DetectLabels: AWS's names, aliases and categories, and a hierarchy of our own.

AWS publishes its 3,082 names without their parents. The column `parents` of labels.csv was put
together from answers of the service that others have published and, for the rest, from WordNet and
by hand; it holds direct parents only. `Body Part`, which AWS's list of names lacks, is in its list
of categories and in its answers; `Riding Bicycle` has no category there and got Actions here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from openrekog.models.vocabulary.tables import VocabularyError, read_flag, read_list, read_table

COLUMNS = ("name", "category", "aliases", "boxed", "parents")


@dataclass(frozen=True, slots=True)
class Label:
    """`parents` are the direct ones, `ancestors` all of them, both in alphabetical order; `boxed`
    tells whether AWS gives boxes of its instances."""

    name: str
    category: str
    aliases: tuple[str, ...]
    boxed: bool
    parents: tuple[str, ...]
    ancestors: tuple[str, ...]

    @property
    def line(self) -> tuple[str, ...]:
        """All names that are true of what bears this one: its own and its ancestors'."""
        return self.name, *self.ancestors


@cache
def all_labels() -> Mapping[str, Label]:
    """Every label by its name."""
    rows: dict[str, dict[str, str]] = {}
    for row in read_table("labels", COLUMNS):
        if row["name"] in rows:
            raise VocabularyError(f"the label {row['name']} stands twice")
        rows[row["name"]] = row
    parents = {name: read_list(row["parents"]) for name, row in rows.items()}
    labels = {name: _label(row, parents) for name, row in rows.items()}
    return MappingProxyType(labels)


def _label(row: Mapping[str, str], parents: Mapping[str, tuple[str, ...]]) -> Label:
    return Label(
        name=row["name"],
        category=row["category"],
        aliases=read_list(row["aliases"]),
        boxed=read_flag(row["boxed"]),
        parents=parents[row["name"]],
        ancestors=tuple(sorted(_ancestors(row["name"], parents, ()))),
    )


def _ancestors(
    name: str, parents: Mapping[str, tuple[str, ...]], path: tuple[str, ...]
) -> frozenset[str]:
    if name in path:
        raise VocabularyError(f"{name} is its own ancestor: {' < '.join((*path, name))}")
    if name not in parents:
        raise VocabularyError(f"{path[-1]} has the parent {name}, which is no label")
    above = (_ancestors(parent, parents, (*path, name)) for parent in parents[name])
    return frozenset(parents[name]).union(*above)
