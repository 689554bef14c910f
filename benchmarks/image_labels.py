"""Whether labels are right, and their confidences what they say, on photographs whose objects are
marked. Only labels of COCO's classes and their ancestors can be judged there."""

from collections.abc import Mapping, Sequence, Set
from itertools import chain, pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.photographs import Photographs
from benchmarks.tables import percent, table
from openrekog.models.loaded import Models
from openrekog.models.vocabulary.schemes import labelled_classes, reachable
from openrekog.server.analysis.clues import READERS, Reader, read_classes, read_objects
from openrekog.server.analysis.labels import merge
from openrekog.server.analysis.sightings import Sighting, look

SCHEME = "coco"
LEAST = 55.0
"""DetectLabels' default MinConfidence."""

BINS = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100.1)

SOURCES: Mapping[str, Sequence[Reader]] = {
    "objects alone": [read_objects],
    "classes alone": [read_classes],
    "all together": READERS,
}

Confidences = Mapping[str, float]
"""By label."""


def measure_labels(folder: Path, models: Models) -> str:
    photographs = Photographs.read(folder)
    truth = [labels_of(photographs.classes_of(photograph)) for photograph in photographs]
    start = perf_counter()
    sightings = [look(models, [photograph.image])[0] for photograph in photographs]
    milliseconds = 1000 * (perf_counter() - start) / len(photographs)
    own = frozenset(
        label.name for known in labelled_classes(SCHEME).values() for label in known.labels
    )
    groups = {"labels of classes": own, "their ancestors": reachable(SCHEME) - own}
    return "\n\n".join(
        [
            f"{len(photographs)} photographs, {milliseconds:.0f} ms each for all models. "
            f"{len(own)} labels of COCO's classes and {len(reachable(SCHEME) - own)} ancestors of "
            f"theirs are judged. Precision and recall at a confidence of {LEAST:.0f}, AWS's "
            "default; not everything is marked in COCO, above all not what only an ancestor names "
            "(a lamp is Furniture, a flower a Plant).",
            table(
                ("What is asked", *(f"{name}: {what}" for name in groups for what in MEASURES)),
                [
                    (source, *chain(*(score(seen, truth, group) for group in groups.values())))
                    for source, seen in confidences(sightings).items()
                ],
            ),
            "All together, by confidence: the share that is right, of how many.",
            table(("Confidence", *groups), reliability(sightings, truth, groups)),
        ]
    )


MEASURES = ("precision", "recall")


def labels_of(classes: Set[str]) -> frozenset[str]:
    """What is true of a photograph with objects of these classes."""
    known = labelled_classes(SCHEME)
    return frozenset(
        name for each in classes for label in known[each].labels for name in label.line
    )


def confidences(sightings: Sequence[Sighting]) -> Mapping[str, list[Confidences]]:
    return {
        source: [name_labels(sighting, readers) for sighting in sightings]
        for source, readers in SOURCES.items()
    }


def name_labels(sighting: Sighting, readers: Sequence[Reader]) -> Confidences:
    found = merge(clue for reader in readers for clue in reader(sighting))
    return {each.label.name: each.confidence for each in found}


def score(
    seen: Sequence[Confidences], truth: Sequence[Set[str]], group: Set[str]
) -> tuple[str, str]:
    said = [
        {name for name, confidence in each.items() if confidence >= LEAST} & group for each in seen
    ]
    right = sum(len(names & true) for names, true in zip(said, truth, strict=True))
    there = sum(len(true & group) for true in truth)
    return percent(right / sum(map(len, said)), 1), percent(right / there, 1)


def reliability(
    sightings: Sequence[Sighting],
    truth: Sequence[Set[str]],
    groups: Mapping[str, Set[str]],
) -> list[tuple[str, ...]]:
    seen = [name_labels(sighting, READERS) for sighting in sightings]
    return [
        (
            f"{low} to {high:.0f}",
            *(share(seen, truth, group, low, high) for group in groups.values()),
        )
        for low, high in pairwise(BINS)
    ]


def share(
    seen: Sequence[Confidences],
    truth: Sequence[Set[str]],
    group: Set[str],
    low: float,
    high: float,
) -> str:
    verdicts = [
        name in true
        for each, true in zip(seen, truth, strict=True)
        for name, confidence in each.items()
        if name in group and low <= confidence < high
    ]
    return f"{percent(float(np.mean(verdicts)), 0)} of {len(verdicts)}" if verdicts else "-"
