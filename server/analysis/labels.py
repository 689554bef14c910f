"""Labels: what is to be seen in pictures, in the words of the vocabulary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openrekog.models.loaded import Models
from openrekog.models.results import Box, Image
from openrekog.models.vocabulary.labels import Label, all_labels
from openrekog.server.analysis.clues import READERS, Clue
from openrekog.server.analysis.sightings import look


@dataclass(frozen=True, slots=True)
class FoundInstance:
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A label and its instances, the most confident first."""

    label: Label
    confidence: float
    instances: tuple[FoundInstance, ...] = ()


def find_labels(models: Models, images: Sequence[Image]) -> list[list[FoundLabel]]:
    """The labels of each image with all their ancestors, the most confident first."""
    return [
        merge(clue for reader in READERS for clue in reader(sighting))
        for sighting in look(models, images)
    ]


def merge(clues: Iterable[Clue]) -> list[FoundLabel]:
    """One label for each name, as sure as the best clue; an ancestor is as sure as the best of its
    descendants, or more. Labels as sure as each other stand in alphabetical order, as at AWS."""
    confidences: dict[str, float] = {}
    instances: dict[str, list[FoundInstance]] = {}
    for clue in clues:
        for name in all_labels()[clue.name].line:
            confidences[name] = max(confidences.get(name, 0.0), clue.confidence)
        if clue.box is not None:
            instances.setdefault(clue.name, []).append(FoundInstance(clue.box, clue.confidence))
    found = [
        FoundLabel(all_labels()[name], confidence, _ranked(instances.get(name, ())))
        for name, confidence in confidences.items()
    ]
    return sorted(found, key=lambda each: (-each.confidence, each.label.name))


def _ranked(instances: Iterable[FoundInstance]) -> tuple[FoundInstance, ...]:
    return tuple(sorted(instances, key=lambda instance: -instance.confidence))
