"""How often ordinary photographs are called in need of moderation. What is missed is not measured:
that would take pictures that nobody here wants to gather."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time

import numpy as np
import PIL.Image
import PIL.ImageOps

from benchmarks.tables import table
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.server.analysis.moderation import Words, listen, weigh
from openrekog.server.analysis.taxonomy import taxonomy

SETS: Mapping[str, str] = {
    "COCO": "labels/images/*.jpg",
    "LFW": "faces/lfw/**/*.jpg",
    "UTKFace": "faces/utkface/*.jpg",
}
MOST_OF_A_SET = 250
"""Spread evenly over the set, so that the measurement stays short."""

DEFAULT = 50.0
SURE = 80.0
BATCH = 8


@dataclass
class Alarms:
    """Photographs of a set, and how many have a label of this name at the default and when sure."""

    photographs: int = 0
    default: Counter[str] = field(default_factory=Counter)
    sure: Counter[str] = field(default_factory=Counter)
    any_default: int = 0
    any_sure: int = 0
    spared: int = 0
    """Those that a wide face kept from a label."""
    bare: int = 0
    nude: int = 0

    def add(self, words: Words) -> None:
        self.photographs += 1
        self.bare += _is_bare(words)
        self.nude += words.nudity >= DEFAULT
        findings = weigh(words)
        named = {each.node.name: each.confidence for each in findings}
        reached = {name for name, confidence in named.items() if confidence >= DEFAULT}
        sure = {name for name, confidence in named.items() if confidence >= SURE}
        self.default.update(reached)
        self.sure.update(sure)
        self.any_default += bool(reached)
        faceless = weigh(replace(words, face=0.0))
        self.spared += not reached and any(one.confidence >= DEFAULT for one in faceless)
        self.any_sure += bool(sure)


def measure_alarms(folder: Path, models: Models) -> str:
    began = process_time()
    counted = {name: _count(folder, pattern, models) for name, pattern in SETS.items()}
    spent = process_time() - began
    photographs = sum(each.photographs for each in counted.values())
    default = sum(each.any_default for each in counted.values())
    sure = sum(each.any_sure for each in counted.values())
    summary = (
        f"{_per_thousand(default, photographs)} of 1,000 ordinary photographs get a label at the "
        f"default MinConfidence of 50, {_per_thousand(sure, photographs)} at 80. Of {photographs} "
        f"photographs, that leaves room for up to {_most(default, photographs)} at 50 (95 %). "
        f"{1000 * spent / photographs:.0f} ms of processor time each, with reading them."
    )
    header = ("Photographs of", "looked at", "any label ≥ 50", "≥ 80", "per 1,000")
    rows = [
        (
            name,
            each.photographs,
            each.any_default,
            each.any_sure,
            _per_thousand(each.any_default, each.photographs),
        )
        for name, each in counted.items()
    ]
    nude, bare = (sum(getattr(each, of) for each in counted.values()) for of in ("nude", "bare"))
    spared = sum(each.spared for each in counted.values())
    apart = (
        f"But for the rule that a wide face leaves no room for swimwear, {spared} more would get "
        f"one. open_nsfw by itself says 50 or more of {nude} photographs."
    )
    if models.exposures is not None:
        apart += f" NudeNet by itself sees a bare intimate part, at 50 or more, in {bare}."
    return "\n\n".join([summary, table(header, rows), _by_label(counted), apart])


def _by_label(counted: Mapping[str, Alarms]) -> str:
    default = sum((each.default for each in counted.values()), Counter())
    sure = sum((each.sure for each in counted.values()), Counter())
    rows = [(name, count, sure[name]) for name, count in default.most_common()]
    if not rows:
        return "No label was given."
    return table(("Label", "photographs ≥ 50", "≥ 80"), rows)


def _count(folder: Path, pattern: str, models: Models) -> Alarms:
    alarms = Alarms()
    for images in _batches(_spread(sorted(folder.glob(pattern)))):
        for words in listen(models, images):
            alarms.add(words)
    return alarms


def _is_bare(words: Words) -> bool:
    """Whether an opt-in detector sees what would make a picture explicit."""
    return any(
        words.exposures.get(name, 0.0) >= DEFAULT
        for node in taxonomy().nodes
        for each in node.evidence
        if each.by == "exposure" and each.least_nudity and words.exposures is not None
        for name in each.names
        if name.endswith("_EXPOSED")
    )


def _spread(paths: list[Path]) -> list[Path]:
    if len(paths) <= MOST_OF_A_SET:
        return paths
    return [paths[round(index)] for index in np.linspace(0, len(paths) - 1, MOST_OF_A_SET)]


def _batches(paths: list[Path]) -> Iterator[list[Image]]:
    for start in range(0, len(paths), BATCH):
        yield [_read(path) for path in paths[start : start + BATCH]]


def _read(path: Path) -> Image:
    with PIL.Image.open(path) as picture:
        return np.asarray(PIL.ImageOps.exif_transpose(picture).convert("RGB"))


def _most(count: int, photographs: int) -> str:
    """How many of 1,000 it could be in truth, at 95 %: Wilson's bound for a share."""
    z = 1.645
    share, weight = count / photographs, z**2 / photographs
    middle = share + weight / 2
    reach = z * math.sqrt((share * (1 - share) + weight / 4) / photographs)
    return f"{1000 * (middle + reach) / (1 + weight):.1f}"


def _per_thousand(count: int, photographs: int) -> str:
    return f"{1000 * count / max(photographs, 1):.1f}"
