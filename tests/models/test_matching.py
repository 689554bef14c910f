"""Other people's words for the API's labels."""

import pytest

from openrekog.models.vocabulary.labels import all_labels
from openrekog.models.vocabulary.matching import LabelMatcher


@pytest.fixture(scope="module")
def matcher() -> LabelMatcher:
    return LabelMatcher({name: label.aliases for name, label in all_labels().items()})


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("dog", "Dog"),
        ("Dogs", "Dog"),
        ("bunny", "Rabbit"),  # an alias
        ("bunnies", "Rabbit"),
        ("grape", "Grapes"),
        ("buses", "Bus"),
        ("bus", "Bus"),
        ("tennis", "Tennis"),
        ("wine glasses", "Wine Glass"),
        ("tea pot", "Teapot"),
        ("whiteboard", "White Board"),
        ("t shirt", "T-Shirt"),
        ("casa mila", "Casa Milà"),
        ("shorts", "Shorts"),
        ("short", None),
        ("sweet", None),
        ("3D CG rendering", None),
        ("", None),
    ],
)
def test_words_find_their_label(matcher: LabelMatcher, words: str, label: str | None) -> None:
    assert matcher.find(words) == label


def test_every_label_and_alias_finds_its_own(matcher: LabelMatcher) -> None:
    wrong = [name for name in all_labels() if matcher.find(name) != name]
    assert wrong == []
    lost = [
        alias
        for label in all_labels().values()
        for alias in label.aliases
        if matcher.find(alias) is None
    ]
    assert lost == []
