"""The table of the taxonomy, and what it makes of the words of models, without any."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, cast, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.architectures.nudenet import CLASSES as EXPOSURES
from openrekog.models.loaded import Models
from openrekog.models.results import Box, DetectedObject, Image
from openrekog.models.vocabulary.classes import class_names
from openrekog.server.analysis.moderation import moderate, moderation_labels
from openrekog.server.analysis.taxonomy import (
    MOST_OF_WEAK,
    By,
    Node,
    TaxonomyError,
    parse,
    taxonomy,
)

DEFAULT: tuple[By, ...] = ("classes", "objects", "nudity")
PICTURE = np.zeros((80, 80, 3), np.uint8)
SOMEWHERE = Box(0.1, 0.1, 0.5, 0.5)

every_node = pytest.mark.parametrize("node", taxonomy().nodes, ids=lambda node: node.name)


@dataclass
class Told:
    """Models that say what a test tells them, of every picture."""

    classes_said: Mapping[str, float] = field(default_factory=dict)
    objects_said: Mapping[str, float] = field(default_factory=dict)
    nudity_said: float = 0.0
    exposures_said: Mapping[str, float] | None = None
    concepts_said: Mapping[str, float] | None = None
    face_said: float | None = None

    def models(self) -> Models:
        with_exposures, with_concepts = self.exposures_said, self.concepts_said
        return Models(
            faces=cast("Any", Faces(self.face_said)),
            objects=Detector(self.objects_said),
            classes=Classifier(self.classes_said),
            classifiers=(),
            features=cast("Any", None),
            dense=cast("Any", None),
            text=cast("Any", None),
            poses=cast("Any", None),
            face_covers=cast("Any", None),
            nudity=Nudity(self.nudity_said),
            shots=cast("Any", None),
            exposures=None if with_exposures is None else Detector(with_exposures),
            concepts=None if with_concepts is None else Concepts(with_concepts),
        )

    def labels(self, least: float = 50) -> dict[str, float]:
        (findings,) = moderate(self.models(), [PICTURE])
        return {one["Name"]: one["Confidence"] for one in moderation_labels(findings, least)}


@dataclass
class Detector:
    said: Mapping[str, float]
    scheme: str = "coco"

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        found = [DetectedObject(name, SOMEWHERE, sure) for name, sure in self.said.items()]
        return [found for _ in images]


@dataclass
class Faces:
    """One face of this width, or none."""

    width: float | None
    asked: int = 0

    def find(self, image: Image) -> list[Any]:
        self.asked += 1
        return [] if self.width is None else [Seen(Box(0.1, 0.1, self.width, self.width))]


@dataclass
class Seen:
    box: Box


@dataclass
class Classifier:
    said: Mapping[str, float]
    scheme: str = "imagenet"

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        return [self.said for _ in images]


@dataclass
class Nudity:
    said: float

    def classify(self, images: Sequence[Image]) -> list[float]:
        return [self.said for _ in images]


@dataclass
class Concepts:
    said: Mapping[str, float]

    def score(self, images: Sequence[Image], prompts: Sequence[str]) -> NDArray[np.float32]:
        row = [self.said.get(prompt, 0.0) for prompt in prompts]
        return np.array([row for _ in images], np.float32)


def everything(by: Sequence[By]) -> Told:
    """Models that are sure of all that the table asks them for."""
    named = {
        kind: {
            name: 100.0
            for node in taxonomy().nodes
            for each in node.evidence
            if each.by == kind
            for name in each.names
        }
        for kind in by
    }
    return Told(
        classes_said=named.get("classes", {}),
        objects_said=named.get("objects", {}),
        nudity_said=70.0 if "nudity" in by else 0.0,
        exposures_said=named.get("exposure"),
        concepts_said=named.get("concepts"),
    )


def of_strength(word: str, by: Sequence[By] = DEFAULT) -> set[str]:
    table = taxonomy()
    return {node.name for node in table.nodes if table.strength(node, by) == word}


def test_the_names_are_those_of_version_7() -> None:
    """Ten at the top; the spelling of each is AWS's."""
    nodes = taxonomy().nodes
    assert len(nodes) == len({node.name for node in nodes}) == 52
    assert [node.name for node in nodes if node.level == 1] == [
        "Explicit",
        "Non-Explicit Nudity of Intimate parts and Kissing",
        "Swimwear or Underwear",
        "Violence",
        "Visually Disturbing",
        "Drugs & Tobacco",
        "Alcohol",
        "Rude Gestures",
        "Gambling",
        "Hate Symbols",
    ]
    assert sum(node.level == 2 for node in nodes) == 20
    assert sum(node.level == 3 for node in nodes) == 22


@every_node
def test_a_row_asks_models_for_what_they_know(node: Node) -> None:
    known = {
        "classes": set(class_names("imagenet")),
        "objects": set(class_names("coco")),
        "nudity": set(),
        "exposure": set(EXPOSURES),
    }
    for each in node.evidence:
        assert each.by == "concepts" or set(each.names) <= known[each.by]
        assert (each.by == "nudity") == (not each.names)
        said = [anchor for anchor, _ in each.scale]
        assert said == sorted(set(said))
        assert (said[0], said[-1]) == (0, 100)
        assert each.confidence(0) == 0
        assert all(each.confidence(value) <= 99 for value in range(101))
        if each.strength == "weak":
            assert all(each.confidence(value) <= MOST_OF_WEAK for value in range(101))


@every_node
def test_the_default_packs_answer_what_stands_behind_a_row(node: Node) -> None:
    """Sure models give every label that the table calls backed or weak, and no other."""
    suggestive, explicit = everything(DEFAULT), everything(DEFAULT)
    explicit.nudity_said = 100.0
    answered = {**suggestive.labels(), **explicit.labels()}
    assert (node.name in answered) == (taxonomy().strength(node, DEFAULT) != "none")


@pytest.mark.parametrize("by", get_args(By))
def test_each_piece_of_evidence_is_heard(by: By) -> None:
    """One model alone, sure of one name at a time, gives the label and its parents."""
    for node in taxonomy().nodes:
        for each in (each for each in node.evidence if each.by == by):
            for name in each.names or ("",):
                one = {name: 100.0}
                told = Told(
                    classes_said=one if by == "classes" else {},
                    objects_said=one if by == "objects" else {},
                    nudity_said=60.0 if by == "nudity" else each.least_nudity,
                    exposures_said=one if by == "exposure" else None,
                    concepts_said=one if by == "concepts" else None,
                )
                found = told.labels(least=20)
                assert {above.name for above in taxonomy().ancestry(node)} <= found.keys()


def test_groups_say_what_their_ids_mean() -> None:
    assert taxonomy().groups["weapons"]["n04086273"] == "revolver"
    names = dict(rows("imagenet"))
    for group in taxonomy().groups.values():
        for wordnet_id, name in group.items():
            assert name.startswith(names[wordnet_id])


def rows(scheme: str) -> list[tuple[str, str]]:
    table = files("openrekog.models.vocabulary") / f"{scheme}_classes.csv"
    return [(row[0], row[1]) for row in csv.reader(table.read_text("utf-8").splitlines()[1:])]


def test_nothing_said_is_nothing_found() -> None:
    assert moderate(Told().models(), [PICTURE, PICTURE]) == [[], []]
    assert moderate(Told().models(), []) == []


def test_a_revolver_is_a_weapon_is_violence() -> None:
    (findings,) = moderate(Told({"n04086273": 60.0, "n04090263": 30.0}).models(), [PICTURE])
    labels = moderation_labels(findings, 50)
    assert [(one["Name"], one["ParentName"], one["TaxonomyLevel"]) for one in labels] == [
        ("Weapons", "Violence", 2),
        ("Violence", "", 1),
    ]
    # The chances of a group add up: 90 % on weapons.
    assert [one["Confidence"] for one in labels] == [pytest.approx(95.5)] * 2


@pytest.mark.parametrize(("width", "seen"), [(0.4, False), (0.1, True), (None, True)])
def test_bare_shoulders_in_a_portrait_are_no_swimwear(width: float | None, seen: bool) -> None:
    labels = Told({"n02837789": 80.0}, face_said=width).labels()
    assert ("Female Swimwear or Underwear" in labels) == seen


def test_faces_are_looked_for_only_where_they_matter() -> None:
    told = Told({"n04086273": 80.0}, nudity_said=90.0)
    models = told.models()
    moderate(models, [PICTURE])
    assert cast("Faces", models.faces).asked == 0


def test_a_knife_in_a_kitchen_is_below_the_default_confidence() -> None:
    told = Told(objects_said={"knife": 99.0})
    assert told.labels(50) == {}
    assert told.labels(40) == {
        "Weapons": pytest.approx(44.55),
        "Violence": pytest.approx(44.55),
    }


@pytest.mark.parametrize(
    ("nudity", "labels"),
    [
        (15, set()),
        (55, set()),
        (70, {"Non-Explicit Nudity", "Non-Explicit Nudity of Intimate parts and Kissing"}),
        (95, {"Explicit Nudity", "Explicit"}),
    ],
)
def test_nudity_is_suggestive_before_it_is_explicit(nudity: float, labels: set[str]) -> None:
    assert Told(nudity_said=nudity).labels().keys() == labels


@pytest.mark.parametrize(
    ("nudity", "exposures", "labels"),
    [
        pytest.param(95, {}, set(), id="nudity alone"),
        pytest.param(5, {"BUTTOCKS_EXPOSED": 90.0}, set(), id="exposure alone"),
        pytest.param(
            60,
            {"BUTTOCKS_EXPOSED": 90.0},
            {"Exposed Buttocks or Anus", "Explicit Nudity", "Explicit"},
            id="both",
        ),
    ],
)
def test_with_nudenet_both_must_see_it(
    nudity: float, exposures: Mapping[str, float], labels: set[str]
) -> None:
    told = Told(nudity_said=nudity, exposures_said=exposures)
    assert told.labels().keys() == labels


def test_a_bare_chest_of_a_man_is_not_explicit() -> None:
    found = Told(exposures_said={"MALE_BREAST_EXPOSED": 80.0}).labels()
    assert "Exposed Male Nipple" in found
    assert "Explicit" not in found


def test_the_surest_comes_first_and_children_before_their_parents() -> None:
    told = Told({"n04086273": 95.0}, nudity_said=90.0)
    names = list(told.labels())
    assert names == ["Weapons", "Violence", "Explicit Nudity", "Explicit"]


def test_what_the_default_packs_do_not_know() -> None:
    """The promise in the documentation: these are never answered by default."""
    unknown = of_strength("none")
    assert {"Corpses", "Middle Finger", "Nazi Party", "Smoking", "Sex Toys"} <= unknown
    assert "Hate Symbols" in unknown
    assert len(of_strength("backed")) + len(of_strength("weak")) + len(unknown) == 52
    assert Told(concepts_said={}).labels() == {}


def test_prompts_are_asked_once_and_stay_weak() -> None:
    prompts = taxonomy().prompts
    assert len(prompts) == len(set(prompts)) > 30
    (explosion,) = (prompt for prompt in prompts if "explosion" in prompt)
    assert Told(concepts_said={explosion: 100.0}).labels() == {
        "Explosions and Blasts": MOST_OF_WEAK,
        "Graphic Violence": MOST_OF_WEAK,
        "Violence": MOST_OF_WEAK,
    }


SMALL = """
[scales]
whole = [[0, 0], [100, 100]]
[groups.cats]
n02123045 = "tabby"
[[nodes]]
name = "Animals"
[[nodes]]
name = "Cats"
parent = "Animals"
evidence = [{ by = "classes", strength = "backed", scale = "whole", names = ["cats"] }]
"""


def test_a_table_reads_as_written() -> None:
    animals, cats = parse(SMALL).nodes
    assert (animals.level, cats.level, cats.parent) == (1, 2, "Animals")
    assert cats.evidence[0].names == ("n02123045",)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('parent = "Animals"', 'parent = "Beasts"', "Cats comes before its parent Beasts"),
        ('scale = "whole"', 'scale = "half"', "no scale half"),
        ('names = ["cats"]', 'names = ["dogs"]', "no group dogs"),
        ('by = "classes"', 'by = "magic"', "no evidence by 'magic'"),
        ('strength = "backed"', 'strength = "strong"', "of strength 'strong'"),
    ],
)
def test_mistakes_in_a_table_are_named(old: str, new: str, complaint: str) -> None:
    assert old in SMALL
    with pytest.raises(TaxonomyError, match=re.escape(complaint)):
        parse(SMALL.replace(old, new, 1))
