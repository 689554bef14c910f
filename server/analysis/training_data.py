"""Lines of manifests as truth to learn from: what each image has, for which kind of model."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from openrekog.collections_store.records import Feature, ModelKind, TrainingImage
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.results import Box
from openrekog.server.analysis.dataset_faults import (
    Census,
    Faults,
    UseCase,
    find_faults,
    find_split_faults,
)
from openrekog.server.analysis.manifests.adapters import parse_adapter_line
from openrekog.server.analysis.manifests.entries import LabelledBox, ManifestEntry
from openrekog.server.analysis.manifests.lines import parse_line
from openrekog.server.analysis.manifests.messages import LineRefused

KINDS: Mapping[UseCase, ModelKind] = {
    "IMAGE_LEVEL_LABELS": "classifier",
    "OBJECT_LOCALIZATION": "detector",
}

PARSERS = {"CUSTOM_LABELS": parse_line, "CONTENT_MODERATION": parse_adapter_line}

TEST_SHARE = 5
"""One image of so many is kept for testing: AWS splits 80 to 20."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image that may be learnt from or tested with."""

    key: int
    source_ref: str
    labels: frozenset[str]


def entry_of(image: TrainingImage, feature: Feature) -> ManifestEntry:
    """The line with all that is wrong in it, and with the picture."""
    try:
        entry = PARSERS[feature](image.document.encode())
    except LineRefused as refused:
        return _refused(image.document, refused)
    if image.fault is not None:
        entry.note(image.fault)
        entry.usable = False
    return entry


def _refused(text: str, refused: LineRefused) -> ManifestEntry:
    told = {"cl-errors": [{"code": refused.code, "message": str(refused)}]}
    return ManifestEntry("", {**_members(text), **told}, faulty=True, usable=False)


def _members(text: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def census_of(entries: Iterable[ManifestEntry], feature: Feature) -> Census:
    census = Census.of(entries)
    if feature == "CONTENT_MODERATION":
        census.ignored = 0  # an image without labels is a safe one
    return census


# What is said of adapters, which may learn a single label and be tested on others.
ADAPTER_FAULTS = (
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST",
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
)


def faults_of(training: Census, testing: Census, feature: Feature) -> Faults:
    return _told(find_faults(training, testing), feature)


def split_faults_of(census: Census, feature: Feature) -> Faults:
    return _told(find_split_faults(census), feature)


def _told(faults: Faults, feature: Feature) -> Faults:
    if feature == "CUSTOM_LABELS":
        return faults
    return Faults(
        *(
            tuple(each for each in found if each.code in ADAPTER_FAULTS)
            for found in (faults.training, faults.testing)
        )
    )


def kind_of(census: Census, feature: Feature) -> ModelKind | None:
    """What is to be learnt from such training data; None where it does not say."""
    if feature == "CONTENT_MODERATION":
        return "adapter"
    return None if census.use_case is None else KINDS[census.use_case]


def truth_of(entry: ManifestEntry, kind: ModelKind) -> tuple[TrueLabel, ...]:
    """What a model of this kind can learn of the image."""
    if kind == "detector":
        return tuple(TrueLabel(box.label, _ratios(box, entry)) for box in entry.boxes)
    return tuple(TrueLabel(name) for name in entry.labels)


def fits(entry: ManifestEntry, kind: ModelKind) -> bool:
    """Whether the image can be learnt from: that one is safe is something for an adapter, too."""
    return entry.usable and (kind == "adapter" or bool(truth_of(entry, kind)))


def chosen_for_testing(candidates: Iterable[Candidate]) -> list[int]:
    """The keys of a fifth of each label's images, and of one at least if there are two: always the
    same ones of the same images, but spread as if by chance, since they are taken in the order of
    their hashes."""
    ordered = sorted(candidates, key=lambda each: hashlib.sha256(each.source_ref.encode()).digest())
    left = Counter(label for each in ordered for label in each.labels)
    wanted = Counter({label: max(1, count // TEST_SHARE) for label, count in left.items()})
    chosen = []
    for each in ordered:
        # The last image of a label stays to be learnt from.
        if any(wanted[label] > 0 for label in each.labels) and all(
            left[label] > 1 for label in each.labels
        ):
            chosen.append(each.key)
            wanted.subtract(each.labels)
            left.subtract(each.labels)
    return chosen


def _ratios(box: LabelledBox, entry: ManifestEntry) -> Box:
    assert entry.size is not None
    width, height = entry.size.width, entry.size.height
    return Box(box.left / width, box.top / height, box.width / width, box.height / height)
