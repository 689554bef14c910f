"""What keeps a model from being trained: faults of a dataset as a whole, with AWS's codes and
messages. The rules are those of AWS's pages on terminal manifest content errors and on quotas."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from openrekog.server.analysis.manifests.entries import ManifestEntry
from openrekog.server.analysis.manifests.reading import MOST_WRONG

UseCase = Literal["IMAGE_LEVEL_LABELS", "OBJECT_LOCALIZATION"]
"""What a model is for: the labels of whole images, or boxes around objects."""

FEWEST_LABELS: Mapping[UseCase, int] = {"IMAGE_LEVEL_LABELS": 2, "OBJECT_LOCALIZATION": 1}
MOST_LABELS = 250

LEAST_OVERLAP = 0.5
"""The part of the training labels that the test dataset must have."""

FEWEST_TO_SPLIT = 2
"""Images of a label, so that one can be learnt from and one be tested with."""

BUCKET = re.compile(r"s3://([^/]+)/")

MESSAGES: Mapping[str, str] = {
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST": "The manifest file contains too many invalid rows.",
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS": (
        "The manifest file contains images from multiple S3 buckets."
    ),
    "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET": (
        "The permissions for the images S3 bucket are invalid."
    ),
    "ERROR_INVALID_IMAGES_S3_BUCKET_OWNER": "Invalid owner id for images S3 bucket.",
    "ERROR_FAILED_IMAGES_S3_COPY": "Failed to copy images from S3 bucket.",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT": (
        "The manifest file contains insufficient labeled images per label to perform auto-split."
    ),
    "ERROR_MANIFEST_TOO_FEW_LABELS": "The manifest file has too few labels.",
    "ERROR_MANIFEST_TOO_MANY_LABELS": "The manifest file has too many labels.",
    "ERROR_INSUFFICIENT_LABEL_OVERLAP": (
        f"Less than {LEAST_OVERLAP:.0%} label overlap between the training and testing manifest "
        "files."
    ),
    "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS": "The manifest file has too few usable labels.",
    "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP": (
        f"Less than {LEAST_OVERLAP:.0%} usable label overlap between the training and testing "
        "manifest files."
    ),
}


class Fault(NamedTuple):
    """`code` is one of MESSAGES; what a version whose training failed says is its message."""

    code: str
    message: str


def fault(code: str) -> Fault:
    return Fault(code, MESSAGES[code])


@dataclass(slots=True)
class Census:
    """What the lines of a dataset come to, one counted after the other. `images` tells for each use
    case how many images have each label; `faulty` are the numbers of lines with errors, from 1."""

    total: int = 0
    invalid: int = 0
    ignored: int = 0
    faulty: list[int] = field(default_factory=list)
    buckets: set[str] = field(default_factory=set)
    lines: Counter[UseCase] = field(default_factory=Counter)
    images: dict[UseCase, Counter[str]] = field(
        default_factory=lambda: {use_case: Counter() for use_case in FEWEST_LABELS}
    )

    @classmethod
    def of(cls, entries: Iterable[ManifestEntry]) -> "Census":
        census = cls()
        for entry in entries:
            census.add(entry)
        return census

    def add(self, entry: ManifestEntry) -> None:
        """An unusable line counts as invalid, and one without a label as ignored."""
        self.total += 1
        self.buckets.update(BUCKET.findall(entry.source_ref))
        if entry.faulty:
            self.faulty.append(self.total)
        if not entry.usable:
            self.invalid += 1
        elif not entry.boxed_by_label:
            self.ignored += 1
        else:
            self._label(entry)

    def _label(self, entry: ManifestEntry) -> None:
        named: dict[UseCase, set[str]] = {
            "IMAGE_LEVEL_LABELS": set(entry.labels),
            "OBJECT_LOCALIZATION": {box.label for box in entry.boxes},
        }
        for use_case, names in named.items():
            self.lines[use_case] += bool(names)
            self.images[use_case].update(names)

    @property
    def valid(self) -> int:
        return self.total - self.invalid - self.ignored

    @property
    def too_many_invalid(self) -> bool:
        return self.invalid > MOST_WRONG * self.total

    @property
    def labels(self) -> set[str]:
        """Of either kind."""
        return {name for images in self.images.values() for name in images}

    def usable(self, use_case: UseCase | None) -> set[str]:
        """The labels that count for a model of this kind."""
        return self.labels if use_case is None else set(self.images[use_case])

    @property
    def use_case(self) -> UseCase | None:
        """What a model of these images is for: boxes, where they are on as many images as labels of
        whole images are, since a box says more. None where it cannot be told."""
        labelled, boxed = (self.lines[use_case] for use_case in FEWEST_LABELS)
        if self.too_many_invalid or not labelled + boxed:
            return None
        return "OBJECT_LOCALIZATION" if boxed >= labelled else "IMAGE_LEVEL_LABELS"


Check = Callable[[Census, UseCase | None], bool]

OF_EACH: tuple[tuple[str, Check], ...] = (
    ("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", lambda census, _: census.too_many_invalid),
    ("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", lambda census, _: len(census.buckets) > 1),
    (
        "ERROR_MANIFEST_TOO_FEW_LABELS",
        lambda census, use_case: _too_few(census.labels, use_case),
    ),
    ("ERROR_MANIFEST_TOO_MANY_LABELS", lambda census, _: len(census.labels) > MOST_LABELS),
    (
        "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS",
        lambda census, use_case: (
            _too_few(census.usable(use_case), use_case) and not _too_few(census.labels, use_case)
        ),
    ),
)
"""What can be wrong with a dataset by itself, if a model for that use case is to be trained."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Those of each dataset, and those of both together."""

    training: tuple[Fault, ...] = ()
    testing: tuple[Fault, ...] = ()
    both: tuple[Fault, ...] = ()

    @property
    def all(self) -> tuple[Fault, ...]:
        return (*self.training, *self.testing, *self.both)


def find_faults(training: Census, testing: Census) -> Faults:
    """Why no model can be trained with the one dataset and tested with the other; the training
    dataset decides on the use case."""
    use_case = training.use_case
    return Faults(
        training=_faults_of(training, use_case),
        testing=_faults_of(testing, use_case),
        both=_overlap_faults(training, testing),
    )


def find_split_faults(census: Census) -> Faults:
    """Why a training dataset cannot be split into one to train and one to test with."""
    found = _faults_of(census, census.use_case)
    names = census.usable(census.use_case)
    images = census.images[census.use_case] if census.use_case else Counter[str]()
    enough = {name for name in names if images[name] >= FEWEST_TO_SPLIT}
    if names and len(enough) < max(LEAST_OVERLAP * len(names), 1):
        found = (*found, fault("ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"))
    return Faults(training=found)


def _faults_of(census: Census, use_case: UseCase | None) -> tuple[Fault, ...]:
    return tuple(fault(code) for code, found in OF_EACH if found(census, use_case))


def _too_few(labels: set[str], use_case: UseCase | None) -> bool:
    """Where the use case is not known, as few as any model needs will do."""
    return len(labels) < (FEWEST_LABELS[use_case] if use_case else min(FEWEST_LABELS.values()))


def _overlap_faults(training: Census, testing: Census) -> tuple[Fault, ...]:
    """If too little of all labels is shared, that too little of the usable ones is goes unsaid."""
    use_case = training.use_case
    if _little_shared(training.labels, testing.labels):
        return (fault("ERROR_INSUFFICIENT_LABEL_OVERLAP"),)
    if _little_shared(training.usable(use_case), testing.usable(use_case)):
        return (fault("ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP"),)
    return ()


def _little_shared(training: set[str], testing: set[str]) -> bool:
    return len(training & testing) < LEAST_OVERLAP * len(training)
