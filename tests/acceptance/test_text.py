"""DetectText: foreseeable answers of the fake pack, and real pictures read by the default one."""

from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest
from PIL import ImageDraw, ImageFont
from PIL.Image import Image, Transpose

from tests.acceptance.photos import nobody, person, photograph, png
from tests.acceptance.refusals import refused_with

EVERYTHING = {"WordFilter": {"MinConfidence": 0}}


def detections(client: Any, picture: bytes, filters: Any = None) -> list[dict[str, Any]]:
    optional = {} if filters is None else {"Filters": filters}
    answer = client.detect_text(Image={"Bytes": picture}, **optional)
    assert answer["TextModelVersion"] == "3.0"
    found: list[dict[str, Any]] = answer["TextDetections"]
    return found


def texts(found: list[dict[str, Any]], kind: str) -> list[str]:
    return [one["DetectedText"] for one in found if one["Type"] == kind]


def only(**filters: Any) -> dict[str, Any]:
    return {"WordFilter": {"MinConfidence": 0, **filters}}


def regions(*areas: Any) -> dict[str, Any]:
    return {**EVERYTHING, "RegionsOfInterest": list(areas)}


def box(left: float, top: float, width: float, height: float) -> dict[str, Any]:
    return {"BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height}}


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return {"Polygon": [{"X": x, "Y": y} for x, y in points]}


def test_lines_come_first_and_words_name_their_line(client: Any) -> None:
    found = detections(client, person(1), EVERYTHING)
    assert [one["Type"] for one in found] == ["LINE", "LINE", "WORD", "WORD", "WORD"]
    assert [one["Id"] for one in found] == [0, 1, 2, 3, 4]
    assert [one.get("ParentId") for one in found] == [None, None, 0, 0, 1]
    assert texts(found, "LINE")[0] == "FAKE TEXT"
    assert texts(found, "WORD")[:2] == ["FAKE", "TEXT"]
    assert texts(found, "WORD")[2] == texts(found, "LINE")[1]
    assert texts(found, "WORD")[2].isdigit()


def test_geometry_is_a_box_and_four_points(client: Any) -> None:
    geometry = detections(client, person(1))[0]["Geometry"]
    expected = {"Left": 0.2, "Top": 0.3, "Width": 0.6, "Height": 0.15}
    assert geometry["BoundingBox"] == pytest.approx(expected, abs=1e-6)
    corners = [(point["X"], point["Y"]) for point in geometry["Polygon"]]
    assert corners == [pytest.approx(c) for c in [(0.2, 0.3), (0.8, 0.3), (0.8, 0.45), (0.2, 0.45)]]


def test_no_text_is_an_empty_list(client: Any) -> None:
    assert detections(client, nobody()) == []


def test_a_word_filter_leaves_out_words_below_80_unless_it_says_otherwise(client: Any) -> None:
    """The number is sure to 60; its line goes with it. Without a filter all are answered."""
    assert len(detections(client, person(1))) == 5
    found = detections(client, person(1), {"WordFilter": {}})
    assert texts(found, "LINE") == ["FAKE TEXT"]
    assert [one["Id"] for one in found] == [0, 1, 2]
    assert len(detections(client, person(1), only(MinConfidence=60))) == 5
    assert detections(client, person(1), only(MinConfidence=99.5)) == []


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        pytest.param(only(MinBoundingBoxWidth=0.29), 1, id="wide"),
        pytest.param(only(MinBoundingBoxWidth=0.31), 0, id="too wide"),
        pytest.param(only(MinBoundingBoxHeight=0.14), 3, id="high"),
        pytest.param(only(MinBoundingBoxHeight=0.16), 0, id="too high"),
    ],
)
def test_small_words_are_left_out(client: Any, filters: Any, words: int) -> None:
    assert len(texts(detections(client, person(1), filters), "WORD")) == words


@pytest.mark.parametrize(
    ("areas", "lines"),
    [
        pytest.param([box(0, 0, 1, 1)], ["FAKE TEXT", "#"], id="everything"),
        pytest.param([box(0, 0, 0.33, 1)], ["FAKE"], id="half of FAKE, less of the number"),
        pytest.param([box(0, 0, 0.326, 0.5)], ["FAKE"], id="just over half of FAKE"),
        pytest.param([box(0, 0, 0.324, 0.5)], [], id="just under half of FAKE"),
        pytest.param([box(0.5, 0, 0.5, 0.5)], ["TEXT"], id="the second word"),
        pytest.param([box(0.2, 0.3, 0.25, 0.074)], [], id="under half of the height"),
        pytest.param([box(0, 0, 0.3, 1), box(0.3, 0, 0.7, 0.4)], ["TEXT"], id="two, none enough"),
        pytest.param([box(0, 0.5, 1, 0.5)], ["#"], id="the lower line"),
        pytest.param([polygon((0, 0), (1, 0), (1, 0.6))], ["TEXT"], id="68 % in a triangle"),
        pytest.param([polygon((0, 0), (1, 0), (1, 0.5))], [], id="27 % in a triangle"),
        pytest.param(
            [polygon((0.5, 0), (1, 0), (1, 1), (0, 1), (0, 0.5), (0.5, 0.5))],
            ["TEXT", "#"],
            id="an L",
        ),
    ],
)
def test_a_word_counts_when_more_than_half_lies_in_a_region(
    client: Any, areas: list[Any], lines: list[str]
) -> None:
    found = detections(client, person(1), regions(*areas))
    shown = ["#" if text.isdigit() else text for text in texts(found, "LINE")]
    assert shown == lines


def test_a_line_is_what_its_kept_words_are(client: Any) -> None:
    line, word = detections(client, person(1), regions(box(0.5, 0, 0.5, 0.5)))
    assert line["Geometry"]["BoundingBox"]["Left"] == pytest.approx(0.55)
    assert line["Geometry"] == word["Geometry"]


def test_ten_regions_are_enough(client: Any) -> None:
    area = box(0, 0, 1, 1)
    assert detections(client, person(1), regions(*[area] * 10))
    message = refused_with(
        "ValidationException",
        client.detect_text,
        Image={"Bytes": person(1)},
        Filters=regions(*[area] * 11),
    )
    assert "regionsOfInterest" in message


def rendered(*rows: str, size: int = 44, background: Image | None = None) -> Image:
    """Text in the font that comes with Pillow, on a photograph."""
    canvas = (background or photograph("coffee.png")).resize((1000, 700))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size)
    for number, row in enumerate(rows):
        place = (120, 120 + 150 * number)
        draw.rectangle(_around(draw, place, row, font), "white")
        draw.text(place, row, "black", font)
    return canvas


def _around(
    draw: Any, place: tuple[int, int], row: str, font: Any
) -> tuple[float, float, float, float]:
    left, top, right, bottom = draw.textbbox(place, row, font)
    return left - 16, top - 12, right + 16, bottom + 12


SIGNS = ("Platform 12", "Mind the gap", "Tickets 50% off")


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(lambda picture: picture, id="upright"),
        pytest.param(lambda picture: picture.rotate(8, fillcolor="grey"), id="8 degrees"),
        pytest.param(lambda picture: picture.transpose(Transpose.ROTATE_90), id="90 degrees"),
        pytest.param(lambda picture: picture.transpose(Transpose.ROTATE_180), id="180 degrees"),
        pytest.param(lambda picture: picture.transpose(Transpose.ROTATE_270), id="270 degrees"),
    ],
)
def test_signs_are_read_whichever_way_they_stand(
    real_client: Any, turn: Callable[[Image], Image]
) -> None:
    found = detections(real_client, png(turn(rendered(*SIGNS))))
    assert sorted(texts(found, "LINE")) == sorted(SIGNS)
    assert sorted(texts(found, "WORD")) == sorted(" ".join(SIGNS).split())


def test_words_stand_where_they_are(real_client: Any) -> None:
    """Places in the picture by Pillow's own measure of the text."""
    found = detections(real_client, png(rendered("Mind the gap")))
    draw = ImageDraw.Draw(PIL.Image.new("RGB", (1000, 700)))
    font = ImageFont.load_default(44)
    before = {"Mind": "", "the": "Mind ", "gap": "Mind the "}
    for word in (one for one in found if one["Type"] == "WORD"):
        start = 120 + draw.textlength(before[word["DetectedText"]], font)
        end = start + draw.textlength(word["DetectedText"], font)
        bounds = word["Geometry"]["BoundingBox"]
        assert bounds["Left"] * 1000 == pytest.approx(start, abs=14)
        assert (bounds["Left"] + bounds["Width"]) * 1000 == pytest.approx(end, abs=14)
        assert bounds["Top"] * 700 == pytest.approx(118, abs=16)


def test_the_polygon_begins_where_one_begins_to_read(real_client: Any) -> None:
    upside_down = rendered("Platform 12").transpose(Transpose.ROTATE_180)
    line = detections(real_client, png(upside_down))[0]
    first, second = line["Geometry"]["Polygon"][:2]
    assert first["X"] > second["X"]
    assert first["Y"] > 0.7


def test_a_printed_page_is_read_in_order(real_client: Any) -> None:
    """The scanned page that comes with scikit-image."""
    page = photograph("page.png")
    found = detections(real_client, png(page.resize((2 * page.width, 2 * page.height))))
    lines = texts(found, "LINE")
    assert lines[0] == "Region-based segmentation"
    assert len(texts(found, "WORD")) == 100 or "markers" in " ".join(lines)
    words = {one["Id"]: one for one in found if one["Type"] == "WORD"}
    for line in (one for one in found if one["Type"] == "LINE"):
        own = [word["DetectedText"] for word in words.values() if word["ParentId"] == line["Id"]]
        assert " ".join(own) == line["DetectedText"]


def test_a_cat_says_nothing_for_sure(real_client: Any) -> None:
    assert detections(real_client, png(photograph("chelsea.png")), only(MinConfidence=90)) == []
