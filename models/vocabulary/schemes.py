"""What the classes of a network are called in answers: a scheme's classes to labels.

A scheme is a set of classes, named by its network (`ObjectDetector.scheme`). The labels of scheme X
stand in X_labels.csv, one row a class:

    class     the class as its network names it (COCO's names, ImageNet's WordNet ids)
    name      for the reader; equal to `class` where that can be read
    labels    the labels that are true of whatever is of this class, separated by "|"
    boxed     "yes" if the box of such an object is also the box of the label's instance
    why_none  if there is no label: the reason

A new network needs such a table and no code: RAM's tags, say, would go to ram_labels.csv with the
tag in `class` and `name`. One that was trained on (or prompted with) the labels themselves has the
scheme "rekognition", which has no table: each label stands for itself. Where no label fits a class,
it has its nearest ancestor that is one (a rare breed is a Dog); ancestors of the labels named are
never listed, they follow from labels.csv.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from openrekog.models.vocabulary.labels import Label, all_labels
from openrekog.models.vocabulary.tables import VocabularyError, read_flag, read_list, read_table

COLUMNS = ("class", "name", "labels", "boxed", "why_none")
REKOGNITION = "rekognition"

EXCLUSIVE = frozenset({"imagenet"})
"""Schemes whose networks find one class in a picture: their chances share 100 and may be added up.
The classes of other schemes are independent of each other."""


@dataclass(frozen=True, slots=True)
class LabelledClass:
    """The labels of a class; `boxed` if a box of the class is one of the labels."""

    labels: tuple[Label, ...]
    boxed: bool


@cache
def labelled_classes(scheme: str) -> Mapping[str, LabelledClass]:
    """Every class of a scheme; one that no label fits has none."""
    if scheme == REKOGNITION:
        return MappingProxyType(
            {name: LabelledClass((label,), label.boxed) for name, label in all_labels().items()}
        )
    classes: dict[str, LabelledClass] = {}
    for row in read_table(f"{scheme}_labels", COLUMNS):
        if row["class"] in classes:
            raise VocabularyError(f"the class {row['class']} of {scheme} stands twice")
        classes[row["class"]] = _labelled_class(row)
    return MappingProxyType(classes)


def _labelled_class(row: Mapping[str, str]) -> LabelledClass:
    names = read_list(row["labels"])
    unknown = [name for name in names if name not in all_labels()]
    if unknown:
        raise VocabularyError(f"{row['name']} is called {unknown[0]}, which is no label")
    if bool(names) == bool(row["why_none"]):
        raise VocabularyError(f"{row['name']} needs labels or the reason why it has none")
    return LabelledClass(tuple(all_labels()[name] for name in names), read_flag(row["boxed"]))


def reachable(scheme: str) -> frozenset[str]:
    """The names of all labels that a network of this scheme can lead to, ancestors included."""
    labels = {label for known in labelled_classes(scheme).values() for label in known.labels}
    return frozenset(name for label in labels for name in label.line)
