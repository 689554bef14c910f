"""Whether the classifier's classes are there, and its chances what they say, on photographs of many
things. Nobody marked ImageNet's classes there, so that they are counted as the COCO classes that
they belong to."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.photographs import Photographs
from benchmarks.tables import percent, table
from openrekog.models.loaded import Models

# COCO classes and the ImageNet classes that are kinds of them: descendants in WordNet, chosen by
# hand where names differ.
IMAGENET_IN_COCO = Path(__file__).with_name("imagenet_in_coco.csv")

BINS = (5, 10, 20, 30, 55, 80, 100)
LABEL_CHANCE = 55.0


@dataclass(frozen=True, slots=True)
class Chances:
    """By photograph and class: the chance that was given, 0 to 100, and whether it is there."""

    given: NDArray[np.float64]
    there: NDArray[np.bool_]


def measure_classes(folder: Path, models: Models) -> str:
    photographs, kinds = Photographs.read(folder), _kinds()
    start = process_time()
    chances = [models.classes.classify([photograph.image])[0] for photograph in photographs]
    milliseconds = 1000 * (process_time() - start) / len(photographs)
    judged = Chances(
        np.array([[sum(row[kind] for kind in ids) for ids in kinds.values()] for row in chances]),
        np.array([[n in photographs.classes_of(p) for n in kinds] for p in photographs]),
    )
    sure = judged.given >= LABEL_CHANCE
    right = int((sure & judged.there).sum())
    return "\n\n".join(
        [
            f"{len(photographs)} photographs, {milliseconds:.0f} ms of processor time each; "
            f"{len(kinds)} classes of COCO that {sum(map(len, kinds.values()))} classes of "
            f"ImageNet belong to, their chances added. With {LABEL_CHANCE:.0f} and more: precision "
            f"{percent(right / sure.sum())}, recall {percent(right / judged.there.sum())}, which "
            "is low because one picture has one class here, and these have many.",
            table(("Chance", "classes", "mean chance", "there"), _rows(judged)),
        ]
    )


def _rows(judged: Chances) -> list[tuple[str, int, str, str]]:
    rows = []
    for low, high in pairwise(BINS):
        which = (judged.given >= low) & (judged.given < high)
        mean = judged.given[which].mean() / 100
        there = judged.there[which].mean()
        rows.append((f"{low} to {high}", int(which.sum()), percent(mean, 0), percent(there, 0)))
    return rows


def _kinds() -> Mapping[str, Sequence[str]]:
    kinds: dict[str, list[str]] = {}
    with IMAGENET_IN_COCO.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            kinds.setdefault(row["coco"], []).append(row["wordnet_id"])
    return kinds
