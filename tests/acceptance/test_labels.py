"""DetectLabels through boto3: what it answers, what it leaves out, and what it refuses."""

from typing import Any

import numpy as np
import PIL.Image
import pytest

from tests.acceptance.photos import astronaut, jpeg, nobody, person, photograph, png
from tests.acceptance.refusals import refused_with

PROPERTIES = ["IMAGE_PROPERTIES"]
BOTH = ["GENERAL_LABELS", "IMAGE_PROPERTIES"]


def detect(client: Any, picture: bytes, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.detect_labels(Image={"Bytes": picture}, **request)
    del answer["ResponseMetadata"]
    return answer


def labels(client: Any, picture: bytes, **request: Any) -> dict[str, Any]:
    """By name, in the order of the answer."""
    return {label["Name"]: label for label in detect(client, picture, **request)["Labels"]}


def filtered(client: Any, picture: bytes, **filters: list[str]) -> list[str]:
    return list(labels(client, picture, Settings={"GeneralLabels": filters}))


def names(members: list[dict[str, str]]) -> list[str]:
    return [member["Name"] for member in members]


def half_red_half_blue() -> bytes:
    pixels = np.zeros((120, 160, 3), np.uint8)
    pixels[:, :80], pixels[:, 80:] = (255, 0, 0), (0, 0, 255)
    return png(PIL.Image.fromarray(pixels))


class TestLabels:
    def test_a_label_with_all_its_members(self, client: Any) -> None:
        found = labels(client, person(1))
        assert set(found["Person"]) == {
            "Name",
            "Confidence",
            "Instances",
            "Parents",
            "Aliases",
            "Categories",
        }
        assert found["Person"]["Aliases"] == [{"Name": "Human"}]
        assert found["Person"]["Parents"] == []
        assert found["Person"]["Categories"] == [{"Name": "Person Description"}]
        [instance] = found["Person"]["Instances"]
        assert set(instance) == {"BoundingBox", "Confidence"}
        assert instance["BoundingBox"]["Width"] == pytest.approx(0.8, abs=1e-3)
        assert found["Head"]["Instances"] == []
        assert found["Head"]["Aliases"] == []
        assert names(found["Face"]["Parents"]) == ["Head", "Person"]

    def test_the_model_version(self, client: Any) -> None:
        answer = detect(client, person(1))
        assert set(answer) == {"Labels", "LabelModelVersion"}
        assert answer["LabelModelVersion"] == "3.0"

    def test_text(self, client: Any) -> None:
        text = labels(client, person(1))["Text"]
        assert text["Confidence"] == pytest.approx(70)
        assert text["Instances"] == text["Parents"] == []
        assert text["Categories"] == [{"Name": "Text and Documents"}]

    def test_a_picture_of_one_colour_has_no_labels(self, client: Any) -> None:
        assert detect(client, nobody())["Labels"] == []

    def test_the_most_confident_first_and_equal_ones_by_name(self, client: Any) -> None:
        for number in range(8):
            found = labels(client, person(number), MinConfidence=0)
            ranks = [(-label["Confidence"], name) for name, label in found.items()]
            assert ranks == sorted(ranks)

    def test_every_ancestor_is_there_and_as_sure_as_what_it_follows_from(self, client: Any) -> None:
        for number in range(8):
            found = labels(client, person(number))
            for label in found.values():
                for name in names(label["Parents"]):
                    assert found[name]["Confidence"] >= label["Confidence"]

    def test_classes_of_one_label_add_up_to_ancestors(self, client: Any) -> None:
        # The fake pack gives 90 to one class and the rest to the 999 others.
        seen = [labels(client, person(number), MinConfidence=1) for number in range(30)]
        [dogs, *_] = [found for found in seen if "Golden Retriever" in found]
        assert dogs["Golden Retriever"]["Confidence"] == pytest.approx(88, abs=0.1)
        assert dogs["Dog"]["Confidence"] > dogs["Golden Retriever"]["Confidence"]
        assert names(dogs["Golden Retriever"]["Parents"]) == [
            "Animal",
            "Canine",
            "Dog",
            "Mammal",
            "Pet",
        ]

    def test_gender_and_age_name_the_person_in_its_own_box(self, client: Any) -> None:
        kinds = {"Woman", "Man", "Girl", "Boy"}
        seen = [labels(client, person(number), MinConfidence=20) for number in range(10)]
        assert all(kinds & set(found) for found in seen)
        for found in seen:
            [box] = [one["BoundingBox"] for one in found["Person"]["Instances"]]
            for name in kinds & set(found):
                assert [one["BoundingBox"] for one in found[name]["Instances"]] == [box]

    def test_the_least_confidence(self, client: Any) -> None:
        everything = labels(client, person(1), MinConfidence=0)
        assert min(label["Confidence"] for label in everything.values()) < 55
        for least in (55, 90, 99):
            expected = [name for name, label in everything.items() if label["Confidence"] >= least]
            assert list(labels(client, person(1), MinConfidence=least)) == expected
        assert list(labels(client, person(1))) == list(labels(client, person(1), MinConfidence=55))

    def test_instances_below_the_least_confidence_are_left_out(self, client: Any) -> None:
        person_at_99 = labels(client, person(1), MinConfidence=99.5)
        for label in person_at_99.values():
            assert all(one["Confidence"] >= 99.5 for one in label["Instances"])

    def test_the_largest_number_of_labels(self, client: Any) -> None:
        everything = list(labels(client, person(1)))
        assert list(labels(client, person(1), MaxLabels=3)) == everything[:3]
        assert list(labels(client, person(1), MaxLabels=100_000)) == everything
        assert list(labels(client, person(1), MaxLabels=0)) == []


class TestFilters:
    def test_inclusion_of_labels(self, client: Any) -> None:
        assert filtered(client, person(1), LabelInclusionFilters=["Face", "Cow"]) == ["Face"]

    def test_names_are_exact(self, client: Any) -> None:
        for name in ("face", "Fac", "Human", ""):
            assert filtered(client, person(1), LabelInclusionFilters=[name]) == []

    def test_exclusion_of_labels(self, client: Any) -> None:
        everything = list(labels(client, person(1)))
        expected = [name for name in everything if name != "Person"]
        assert filtered(client, person(1), LabelExclusionFilters=["Person"]) == expected

    def test_inclusion_and_exclusion_of_categories(self, client: Any) -> None:
        everything = labels(client, person(1))
        people = [
            name
            for name, label in everything.items()
            if label["Categories"] == [{"Name": "Person Description"}]
        ]
        others = [name for name in everything if name not in people]
        assert people
        assert others
        category = ["Person Description"]
        assert filtered(client, person(1), LabelCategoryInclusionFilters=category) == people
        assert filtered(client, person(1), LabelCategoryExclusionFilters=category) == others

    def test_filters_together(self, client: Any) -> None:
        kept = filtered(
            client,
            person(1),
            LabelCategoryInclusionFilters=["Person Description"],
            LabelExclusionFilters=["Person", "Adult", "Female", "Male", "Woman", "Man"],
        )
        assert set(kept) >= {"Face", "Head"}
        assert "Person" not in kept
        either = filtered(
            client,
            person(1),
            LabelInclusionFilters=["Face"],
            LabelCategoryInclusionFilters=["Vehicles and Automotive", "Food and Beverage"],
        )
        assert "Face" in either
        assert "Head" not in either

    def test_filters_come_before_the_number_of_labels(self, client: Any) -> None:
        last = list(labels(client, person(1)))[-1]
        filters = {"LabelInclusionFilters": [last]}
        found = labels(client, person(1), MaxLabels=1, Settings={"GeneralLabels": filters})
        assert list(found) == [last]

    def test_empty_filters_change_nothing(self, client: Any) -> None:
        assert filtered(client, person(1), LabelInclusionFilters=[]) == list(
            labels(client, person(1))
        )

    def test_too_many_values_or_too_long_ones_are_refused(self, client: Any) -> None:
        for values in (["Cat"] * 101, ["C" * 51]):
            message = refused_with(
                "ValidationException",
                client.detect_labels,
                Image={"Bytes": person(1)},
                Settings={"GeneralLabels": {"LabelInclusionFilters": values}},
            )
            assert "labelInclusionFilters" in message


class TestImageProperties:
    def test_alone(self, client: Any) -> None:
        answer = detect(client, half_red_half_blue(), Features=PROPERTIES)
        assert answer["Labels"] == []
        found = answer["ImageProperties"]
        assert set(found) == {"Quality", "DominantColors", "Foreground", "Background"}
        assert set(found["Quality"]) == {"Brightness", "Sharpness", "Contrast"}
        assert set(found["Background"]["Quality"]) == {"Brightness", "Sharpness"}
        blue, red = found["DominantColors"]
        assert blue == {
            "Red": 0,
            "Green": 0,
            "Blue": 255,
            "HexCode": "#0000ff",
            "CSSColor": "blue",
            "SimplifiedColor": "blue",
            "PixelPercent": pytest.approx(50, abs=1),
        }
        assert red["CSSColor"] == "red"

    def test_alone_they_ask_no_model(self, client: Any) -> None:
        def parts(features: list[str]) -> str:
            answer = client.detect_labels(Image={"Bytes": person(1)}, Features=features)
            timing: str = answer["ResponseMetadata"]["HTTPHeaders"]["server-timing"]
            return timing

        assert "model" in parts(BOTH)
        assert "properties" in parts(BOTH)
        assert "model" not in parts(PROPERTIES)

    def test_with_labels_instances_have_colours(self, client: Any) -> None:
        answer = detect(client, half_red_half_blue(), Features=BOTH)
        found = {label["Name"]: label for label in answer["Labels"]}
        [instance] = found["Person"]["Instances"]
        assert {color["CSSColor"] for color in instance["DominantColors"]} == {"red", "blue"}
        assert answer["ImageProperties"]["Foreground"]["DominantColors"]

    def test_the_largest_number_of_colours(self, client: Any) -> None:
        picture = jpeg(photograph("coffee.png"))
        default = detect(client, picture, Features=PROPERTIES)["ImageProperties"]
        assert len(default["DominantColors"]) == 10
        few = detect(
            client,
            picture,
            Features=BOTH,
            Settings={"ImageProperties": {"MaxDominantColors": 2}},
        )
        assert few["ImageProperties"]["DominantColors"] == default["DominantColors"][:2]
        assert len(few["ImageProperties"]["Foreground"]["DominantColors"]) == 2
        for label in few["Labels"]:
            assert all(len(one["DominantColors"]) == 2 for one in label["Instances"])

    def test_more_than_twenty_colours_are_refused(self, client: Any) -> None:
        message = refused_with(
            "ValidationException",
            client.detect_labels,
            Image={"Bytes": person(1)},
            Features=PROPERTIES,
            Settings={"ImageProperties": {"MaxDominantColors": 21}},
        )
        assert "maxDominantColors" in message

    def test_filters_of_labels_without_labels_are_refused(self, client: Any) -> None:
        refused_with(
            "InvalidParameterException",
            client.detect_labels,
            Image={"Bytes": person(1)},
            Features=PROPERTIES,
            Settings={"GeneralLabels": {"LabelInclusionFilters": ["Cat"]}},
        )

    def test_filters_do_not_change_the_foreground(self, client: Any) -> None:
        filters = {"GeneralLabels": {"LabelInclusionFilters": ["Cow"]}}
        whole = detect(client, person(1), Features=BOTH)
        part = detect(client, person(1), Features=BOTH, Settings=filters)
        assert part["Labels"] == []
        assert part["ImageProperties"] == whole["ImageProperties"]


class TestPhotographs:
    def test_a_cat(self, real_client: Any) -> None:
        found = labels(real_client, jpeg(photograph("chelsea.png")))
        assert found["Cat"]["Confidence"] > 80
        assert names(found["Cat"]["Parents"]) == ["Animal", "Mammal", "Pet"]
        assert {"Animal", "Mammal", "Pet"} <= set(found)
        [instance] = found["Cat"]["Instances"]
        box = instance["BoundingBox"]
        assert box["Width"] > 0.6
        assert box["Height"] > 0.7
        assert "Dog" not in found
        assert "Person" not in found

    def test_an_astronaut(self, real_client: Any) -> None:
        found = labels(real_client, jpeg(astronaut()))
        assert {"Person", "Face", "Head", "Woman", "Adult", "Female", "Smile"} <= set(found)
        assert "Man" not in found
        assert names(found["Woman"]["Parents"]) == ["Adult", "Female", "Person"]
        [woman] = found["Woman"]["Instances"]
        assert woman["BoundingBox"] in [one["BoundingBox"] for one in found["Person"]["Instances"]]

    def test_a_cup_of_coffee(self, real_client: Any) -> None:
        found = labels(real_client, jpeg(photograph("coffee.png")))
        assert {"Cup", "Coffee", "Espresso", "Beverage"} <= set(found)
        assert found["Cup"]["Aliases"] == [{"Name": "Mug"}]
        assert found["Cup"]["Instances"]

    def test_the_foreground_is_what_was_found(self, real_client: Any) -> None:
        answer = detect(real_client, jpeg(photograph("coffee.png")), Features=BOTH)
        front = answer["ImageProperties"]["Foreground"]["DominantColors"][0]
        assert front["SimplifiedColor"] in ("red", "brown")
