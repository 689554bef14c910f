"""AWS's moderation taxonomy 7.0 and what speaks for each label, read from `moderation.toml`."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal, get_args

import numpy as np

By = Literal["classes", "objects", "nudity", "exposure", "concepts"]
"""Whose word a piece of evidence is."""

Strength = Literal["backed", "weak", "none"]

MOST_OF_WEAK = 80.0
"""The highest Confidence that a stand-in may give."""


class TaxonomyError(ValueError):
    """The table says something that cannot be."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a label; the table says what each field means.

    `scale` holds (what the model says, Confidence) anchors, the first rising. `names` are class
    ids, objects, exposures or prompts.
    """

    by: By
    strength: Strength
    scale: tuple[tuple[float, float], ...]
    names: tuple[str, ...] = ()
    least_nudity: float = 0.0
    widest_face: float = 100.0
    alone: float = 100.0

    def __post_init__(self) -> None:
        if self.by not in get_args(By) or self.strength not in ("backed", "weak"):
            raise TaxonomyError(f"no evidence by {self.by!r} of strength {self.strength!r}")

    def confidence(self, said: float) -> float:
        raw, scaled = zip(*self.scale, strict=True)
        found = float(np.interp(said, raw, scaled))
        return min(found, MOST_OF_WEAK) if self.strength == "weak" else found


@dataclass(frozen=True, slots=True)
class Node:
    """A label; `parent` is "" at the top, where `level` is 1."""

    name: str
    parent: str
    level: int
    evidence: tuple[Evidence, ...]
    note: str = ""


@dataclass(frozen=True)
class Taxonomy:
    """All labels in AWS's order, parents before their children."""

    nodes: tuple[Node, ...]
    groups: Mapping[str, Mapping[str, str]]
    """Class ids and what they are called in English, by group."""

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt once, in order: what a ConceptScorer is asked."""
        every = [
            name
            for node in self.nodes
            for each in node.evidence
            if each.by == "concepts"
            for name in each.names
        ]
        return tuple(dict.fromkeys(every))

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    def ancestry(self, node: Node) -> Iterator[Node]:
        """The node and all above it."""
        yield node
        if node.parent:
            yield from self.ancestry(self.by_name[node.parent])

    def spoken(self, evidence: Evidence) -> Sequence[str]:
        """The names of evidence as people read them."""
        english = {key: name for group in self.groups.values() for key, name in group.items()}
        return [english.get(name, name) for name in evidence.names]

    def strength(self, node: Node, by: Sequence[By]) -> Strength:
        """How well a label is known with these models: by itself or through what is below it."""
        below = [each for each in self.nodes if node in self.ancestry(each)]
        found = {each.strength for one in below for each in one.evidence if each.by in by}
        return next((word for word in get_args(Strength) if word in found), "none")


@cache
def taxonomy() -> Taxonomy:
    table = files("openrekog.server.analysis") / "moderation.toml"
    return parse(table.read_text("utf-8"))


def parse(text: str) -> Taxonomy:
    """Raises TaxonomyError for names that are used and not defined."""
    table = tomllib.loads(text)
    nodes: dict[str, Node] = {}
    for row in table["nodes"]:
        parent = nodes.get(row.get("parent", ""))
        if parent is None and row.get("parent"):
            raise TaxonomyError(f"{row['name']} comes before its parent {row['parent']}")
        nodes[row["name"]] = Node(
            name=row["name"],
            parent=parent.name if parent else "",
            level=parent.level + 1 if parent else 1,
            evidence=tuple(_evidence(row, table)),
            note=row.get("note", ""),
        )
    return Taxonomy(tuple(nodes.values()), table["groups"])


def _evidence(row: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Evidence]:
    for each in row.get("evidence", ()):
        found = Evidence(**{**each, "scale": _scale(each["scale"], table)})
        yield replace(found, names=tuple(_names(found, table)))
    if prompts := row.get("prompts"):
        yield Evidence("concepts", "weak", _scale("weak", table), tuple(prompts))


def _scale(name: str, table: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    if name not in table["scales"]:
        raise TaxonomyError(f"no scale {name}")
    return tuple((float(said), float(scaled)) for said, scaled in table["scales"][name])


def _names(found: Evidence, table: Mapping[str, Any]) -> Iterator[str]:
    if found.by != "classes":
        yield from found.names
        return
    for group in found.names:
        if group not in table["groups"]:
            raise TaxonomyError(f"no group {group}")
        yield from table["groups"][group]
