"""Labels: what AWS published is kept to the letter, and what is ours hangs together."""

import csv
import hashlib
from pathlib import Path

import pytest

from openrekog.models.vocabulary.classes import class_names
from openrekog.models.vocabulary.labels import Label, all_labels
from openrekog.models.vocabulary.schemes import labelled_classes, reachable
from openrekog.models.vocabulary.tables import VocabularyError, read_flag, read_table

TABLES = Path(__file__).parents[2] / "models" / "vocabulary"
SCHEMES = ("coco", "imagenet")

# Of name, category and aliases of AWS's 3,082 labels, one a line, sorted; made from AWS's files.
PUBLISHED = "d01df02ca3844fb2cbb879a5a2584926e27fc22cc9284ecfe1775bfa37707efc"

# As DetectLabels has been seen to answer.
SEEN_AT_AWS = {
    "Person": (),
    "Woman": ("Adult", "Female", "Person"),
    "Girl": ("Female", "Person"),
    "Face": ("Head", "Person"),
    "Smile": ("Face", "Happy", "Head", "Person"),
    "Portrait": ("Face", "Head", "Person", "Photography"),
    "Neck": ("Body Part", "Face", "Head", "Person"),
    "Dog": ("Animal", "Canine", "Mammal", "Pet"),
    "Cat": ("Animal", "Mammal", "Pet"),
    "Terrier": ("Animal", "Canine", "Dog", "Mammal", "Pet"),
    "Car": ("Transportation", "Vehicle"),
    "Beanie": ("Cap", "Clothing", "Hat"),
    "Suit": ("Clothing", "Formal Wear"),
    "Sunglasses": ("Accessories",),
    "Shoe": ("Clothing", "Footwear"),
    "Fruit": ("Food", "Plant", "Produce"),
    "Lawn": ("Grass", "Plant"),
    "Wall": ("Architecture", "Building"),
    "College": ("Architecture", "Building"),
    "Couch": ("Furniture",),
    "Flooring": ("Floor",),
    "Lake": ("Nature", "Outdoors", "Water"),
    "Peak": ("Mountain", "Mountain Range", "Nature", "Outdoors"),
    "Box": (),
    "Cup": (),
    "Tartan": (),
}


def published(label: Label) -> str:
    category = "" if label.name == "Riding Bicycle" else label.category
    return f"{label.name},{category},{'|'.join(label.aliases)}\n"


def test_names_categories_and_aliases_are_those_that_aws_published() -> None:
    theirs = sorted(published(label) for name, label in all_labels().items() if name != "Body Part")
    assert len(theirs) == 3082
    assert hashlib.sha256("".join(theirs).encode()).hexdigest() == PUBLISHED


def test_an_alias_is_no_label_and_belongs_to_one_label() -> None:
    aliases = [alias for label in all_labels().values() for alias in label.aliases]
    assert len(aliases) == len(set(aliases)) == 158
    assert not set(aliases) & all_labels().keys()


def test_there_are_forty_categories() -> None:
    assert len({label.category for label in all_labels().values()}) == 40


@pytest.mark.parametrize("name", SEEN_AT_AWS)
def test_ancestors_are_those_of_the_service(name: str) -> None:
    assert all_labels()[name].ancestors == SEEN_AT_AWS[name]


def test_no_parent_follows_from_another_one() -> None:
    for label in all_labels().values():
        implied = {above for name in label.parents for above in all_labels()[name].ancestors}
        assert not implied & set(label.parents), label.name


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_class_has_labels_or_the_reason_why_not(scheme: str) -> None:
    assert tuple(labelled_classes(scheme)) == class_names(scheme)
    for row in read_table(f"{scheme}_labels", ("class", "name", "labels", "boxed", "why_none")):
        assert bool(row["labels"]) != bool(row["why_none"]), row


def test_names_of_imagenet_classes_are_those_of_its_table() -> None:
    with (TABLES / "imagenet_classes.csv").open(encoding="utf-8") as stream:
        names = {row["wordnet_id"]: row["name"] for row in csv.DictReader(stream)}
    with (TABLES / "imagenet_labels.csv").open(encoding="utf-8") as stream:
        assert {row["class"]: row["name"] for row in csv.DictReader(stream)} == names


@pytest.mark.parametrize("scheme", SCHEMES)
def test_labels_of_a_class_do_not_follow_from_each_other(scheme: str) -> None:
    for known in labelled_classes(scheme).values():
        above = {name for label in known.labels for name in label.ancestors}
        assert not above & {label.name for label in known.labels}


def test_what_networks_can_reach() -> None:
    assert len(reachable("coco") | reachable("imagenet")) > 900
    assert {"Cat", "Mammal", "Person", "Vehicle"} <= reachable("coco")
    assert reachable("rekognition") == all_labels().keys()


CLASSES = [
    ("coco", "cell phone", ["Mobile Phone"]),
    ("coco", "skis", ["Skiing"]),
    ("coco", "tv", ["TV"]),
    ("imagenet", "n02123045", ["Cat"]),  # tabby
    ("imagenet", "n02012849", ["Crane Bird"]),
    ("imagenet", "n03126707", ["Construction Crane"]),
    ("imagenet", "n01608432", ["Kite Bird"]),
    ("imagenet", "n02108089", ["Dog"]),  # boxer
    ("imagenet", "n02113186", ["Dog"]),  # Cardigan Welsh corgi
    ("imagenet", "n03947888", ["Ship"]),  # pirate ship
    ("imagenet", "n03793489", ["Mouse"]),  # of a computer
    ("imagenet", "n02666196", []),  # abacus
]


@pytest.mark.parametrize(("scheme", "name", "expected"), CLASSES)
def test_labels_of_classes(scheme: str, name: str, expected: list[str]) -> None:
    assert [label.name for label in labelled_classes(scheme)[name].labels] == expected


def test_boxes_are_those_of_objects() -> None:
    classes = labelled_classes("coco")
    assert {name for name, known in classes.items() if not known.boxed} == {"skis", "snowboard"}
    assert not any(known.boxed for known in labelled_classes("imagenet").values())


def test_slips_are_errors() -> None:
    with pytest.raises(VocabularyError, match=r"labels\.csv has the columns"):
        list(read_table("labels", ("name", "parents")))
    with pytest.raises(VocabularyError, match="neither yes nor no"):
        read_flag("true")
