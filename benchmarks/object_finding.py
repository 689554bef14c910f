"""How many objects are found, and whether their confidences are what they say."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.photographs import Photographs, Verdict
from benchmarks.tables import percent, table
from openrekog.models.capabilities import ObjectDetector
from openrekog.models.loaded import Models
from openrekog.models.results import DetectedObject

LABEL_CONFIDENCE = 55.0
"""DetectLabels' default MinConfidence."""

BINS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)

Choice = Callable[[Verdict], bool]

CHOICES: dict[str, Choice] = {
    "persons": lambda verdict: verdict.found.name == "person",
    "others": lambda verdict: verdict.found.name != "person",
}


def measure_objects(folder: Path, models: Models) -> str:
    photographs = Photographs.read(folder)
    start = process_time()
    found = find(photographs, models.objects)
    milliseconds = 1000 * (process_time() - start) / len(photographs)
    mean, half = photographs.precision(found)
    verdicts = judge(photographs, found)
    return "\n\n".join(
        [
            f"{len(photographs)} photographs, {milliseconds:.0f} ms of processor time each. COCO's "
            f"average precision: mAP {mean:.3f}, AP50 {half:.3f}.",
            f"As labels of the whole photograph, confidence ≥ {LABEL_CONFIDENCE:.0f}: "
            + _as_labels(photographs, found),
            "Boxes by their confidence, and how many of them are right (overlap ≥ 0.5, and no "
            "second box on one object). Curves were drawn on the first half of the photographs, "
            "every other one, and not on the second.",
            reliability(verdicts),
        ]
    )


def find(photographs: Photographs, detector: ObjectDetector) -> list[list[DetectedObject]]:
    """One photograph at a time, as a server is asked."""
    return [detector.detect([photograph.image])[0] for photograph in photographs]


def judge(
    photographs: Photographs, found: Sequence[Sequence[DetectedObject]]
) -> tuple[list[Verdict], list[Verdict]]:
    """Of every other photograph from the first on, and from the second on."""
    each = [
        photographs.judge(photograph, things)
        for photograph, things in zip(photographs, found, strict=True)
    ]
    return list(chain.from_iterable(each[::2])), list(chain.from_iterable(each[1::2]))


def _as_labels(photographs: Photographs, found: Sequence[Sequence[DetectedObject]]) -> str:
    marked = [photographs.classes_of(photograph) for photograph in photographs]
    named = [
        {thing.name for thing in things if thing.confidence >= LABEL_CONFIDENCE} for things in found
    ]
    right = sum(len(a & b) for a, b in zip(named, marked, strict=True))
    return (
        f"precision {percent(right / sum(map(len, named)))}, "
        f"recall {percent(right / sum(map(len, marked)))}."
    )


def reliability(halves: tuple[list[Verdict], list[Verdict]]) -> str:
    header = ("Confidence", *(f"{what}, {half} half" for what in CHOICES for half in HALVES))
    return table(header, _rows(halves))


HALVES = ("first", "second")


def _rows(halves: tuple[list[Verdict], list[Verdict]]) -> Iterator[tuple[str, ...]]:
    for low, high in pairwise(BINS):
        cells = [
            _share([v for v in half if chosen(v) and low <= v.found.confidence < high])
            for chosen in CHOICES.values()
            for half in halves
        ]
        yield f"{low} to {high}", *cells


def _share(verdicts: Sequence[Verdict]) -> str:
    """Mean confidence and share of right ones, in percent, of how many boxes."""
    if not verdicts:
        return "-"
    said = np.mean([verdict.found.confidence for verdict in verdicts])
    right = 100 * np.mean([verdict.right for verdict in verdicts])
    return f"{said:.0f} → {right:.0f} of {len(verdicts)}"
