"""How an adapter's corrections and what is said without it become one answer."""

import pytest

from openrekog.server.analysis.adapters import adapted
from openrekog.server.analysis.taxonomy import taxonomy


def told(own: dict[str, float], pulls: dict[str, float]) -> dict[str, float]:
    """The confidence of each label found, from what is said of some for themselves."""
    nodes = {node: own.get(node.name, 0.0) for node in taxonomy().nodes}
    return {finding.node.name: finding.confidence for finding in adapted(nodes, pulls)}


def test_without_a_pull_all_stays_as_it_was() -> None:
    own = {"Weapons": 92.0, "Alcoholic Beverages": 40.0}
    assert told(own, {"Weapons": 0.0, "Smoking": 0.0}) == pytest.approx(
        {
            "Weapons": 92,
            "Violence": 92,
            "Alcoholic Beverages": 40,
            "Alcohol": 40,
            # What the adapter knows is never less likely than that.
            "Smoking": 5,
            "Drugs & Tobacco Paraphernalia & Use": 5,
            "Drugs & Tobacco": 5,
        }
    )


def test_a_missed_label_is_raised_with_all_above_it() -> None:
    found = told({}, {"Smoking": 6.0})
    assert found["Smoking"] == pytest.approx(95.5, abs=0.1)
    assert found["Drugs & Tobacco Paraphernalia & Use"] == found["Smoking"]
    assert found["Drugs & Tobacco"] == found["Smoking"]
    assert len(found) == 3


def test_a_false_alarm_is_lowered_with_all_above_it() -> None:
    found = told({"Weapons": 92.0}, {"Weapons": -5.0})
    assert found["Weapons"] == pytest.approx(7.2, abs=0.1)
    assert found["Violence"] == found["Weapons"]


def test_a_label_that_is_lowered_limits_those_below_it() -> None:
    own = {"Exposed Female Nipple": 90.0, "Explicit Nudity": 60.0}
    found = told(own, {"Explicit": -5.0})
    assert found["Explicit"] == pytest.approx(5.7, abs=0.1)
    assert found["Exposed Female Nipple"] == found["Explicit Nudity"] == found["Explicit"]


def test_what_the_adapter_knows_below_a_lowered_label_is_not_limited() -> None:
    own = {"Exposed Female Nipple": 90.0, "Explicit Nudity": 60.0}
    found = told(own, {"Explicit": -5.0, "Exposed Female Nipple": 0.0})
    assert found["Exposed Female Nipple"] == pytest.approx(90)
    assert found["Explicit"] == pytest.approx(90)


def test_other_labels_stay_as_they_were() -> None:
    found = told({"Weapons": 92.0, "Gambling": 70.0}, {"Weapons": -5.0})
    assert found["Gambling"] == 70


def test_a_label_is_not_lowered_by_what_a_raised_parent_says() -> None:
    found = told({"Weapons": 60.0}, {"Violence": 3.0})
    assert found["Weapons"] == 60
    assert found["Violence"] > 95
