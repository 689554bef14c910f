"""The HTML report: what it tells, that it shows the right pictures, and that it is closed."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from skimage import data_dir  # type: ignore[attr-defined]  # it is exported lazily

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Box, Image
from openrekog.server.analysis.evaluation.documents import Pictured, Trained
from openrekog.server.analysis.evaluation.metrics import evaluate
from openrekog.server.analysis.evaluation.mistakes import Mistake, worst_mistakes
from openrekog.server.analysis.evaluation.report import evaluation_report, percent
from openrekog.server.analysis.matching import PredictedPicture

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/textures/version/v1/1574317227432"
TRAINED = Trained(ARN, 12, datetime(2026, 11, 26, 7, 30, tzinfo=UTC))
EVIL = "<script>alert('x')</script>"


def texture(name: str) -> Image:
    return np.asarray(cv2.imread(f"{data_dir}/{name}", cv2.IMREAD_COLOR_RGB), np.uint8)[:400, :500]


# The mistake among PICTURES is in colour, so that a mix-up of channels shows.
IMAGES = {"s3://b/brick": texture("brick.png"), "s3://b/grass": texture("coffee.png")}


def said(ref: str, truth: str, **confidences: float) -> Pictured:
    labels = [CustomLabel(name.replace("_", " "), c) for name, c in confidences.items()]
    picture = PredictedPicture([TrueLabel(truth)], labels)
    return Pictured(f"s3://b/{ref}", 500, 400, picture)


PICTURES = [
    said("brick", "brick", brick=95, grass=10),
    said("brick2", "brick", brick=90, grass=20),
    said("grass", "grass", brick=97, grass=2),
    said("gravel", "grass", brick=30, grass=80),
]


def mistakes_of(pictures: Sequence[Pictured], labels: Sequence[str], *, located: bool) -> list[str]:
    return [m.pictured.source_ref for m in worst(pictures, labels, located=located)]


def worst(pictures: Sequence[Pictured], labels: Sequence[str], *, located: bool) -> list[Mistake]:
    evaluation = evaluate(labels, [each.picture for each in pictures], located=located)
    return worst_mistakes(pictures, evaluation)


def page(pictures: Sequence[Pictured], labels: Sequence[str], *, located: bool = False) -> str:
    evaluation = evaluate(labels, [each.picture for each in pictures], located=located)
    return evaluation_report(evaluation, TRAINED, worst_mistakes(pictures, evaluation), IMAGES.get)


class Words(HTMLParser):
    """What a reader sees, without the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_what_it_tells() -> None:
    text = Words(page(PICTURES, ["brick", "grass"])).text
    assert "textures v1 Evaluated 2026-11-26 07:30 UTC" in text
    assert "learnt from 12 training pictures, and was tested with 4 test pictures." in text
    assert "F1 score 73.3 %" in text
    assert "Of pictures with grass , 50 % are taken for brick ." in text
    assert "Fewer than 10 test pictures have grass or brick" in text
    assert "wrong brick 97 %, over 60 %" in text
    assert "missed grass 2 %, under 50 %" in text


def test_only_mistakes_are_shown_the_worst_first() -> None:
    right = [said(f"right{n}", "brick", brick=80 + n, grass=10) for n in range(9)]
    right += [said(f"grass{n}", "grass", brick=10, grass=80 + n) for n in range(9)]
    wrong = [
        said("bad", "brick", brick=5, grass=84.5),
        said("worst", "brick", brick=1, grass=99),
    ]
    assert mistakes_of([*right, *wrong], ["brick", "grass"], located=False) == [
        "s3://b/worst",
        "s3://b/bad",
    ]


def test_at_most_so_many_are_shown() -> None:
    pictures = [said(f"right{n}", "grass", grass=90) for n in range(200)]
    pictures += [said(str(n), "brick", grass=91 + n / 10) for n in range(60)]
    shown = mistakes_of(pictures, ["grass"], located=False)
    assert shown == [f"s3://b/{n}" for n in range(59, 59 - 24, -1)]


def test_the_picture_of_a_mistake_is_small_and_the_right_one() -> None:
    [found] = re.findall(
        r'src="data:image/jpeg;base64,([^"]+)"', page(PICTURES, ["brick", "grass"])
    )
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(found), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert shown is not None
    assert shown.shape == (256, 320, 3)
    expected = cv2.resize(IMAGES["s3://b/grass"], (320, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - expected).mean() < 8


def test_a_picture_that_is_gone_is_told() -> None:
    gone = [*PICTURES, said("gone", "grass", brick=99, grass=1)]
    assert "The picture cannot be read any more." in Words(page(gone, ["brick", "grass"])).text


def test_names_of_strangers_are_no_markup() -> None:
    named = PredictedPicture([TrueLabel(EVIL)], [CustomLabel(EVIL, 10), CustomLabel("b", 90)])
    html = page([Pictured(f"s3://b/{EVIL}", 9, 9, named)], [EVIL, "b", f'{EVIL}" onload="x'])
    parsed = Words(html)
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert not [name for _, attributes in parsed.tags for name in attributes if name == "onload"]
    assert EVIL in parsed.text


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = page(PICTURES, ["brick", "grass"])
    parsed = Words(html)
    sources = [a[key] or "" for _, a in parsed.tags for key in ("src", "href") if key in a]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "iframe", "object"}
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_the_plots_are_sound_svg() -> None:
    plots = re.findall(
        r"<svg class=\"plot\".*?</svg>", page(PICTURES, ["brick", "grass"]), re.DOTALL
    )
    assert len(plots) == 3  # both labels, and all of them
    for plot in plots:
        paths = {
            each.get("class"): each.get("d") for each in ElementTree.fromstring(plot).iter("path")
        }
        assert str(paths["recall"]).startswith("M0,0L1,0L")


def test_boxes_are_drawn_where_they_are() -> None:
    here, there = Box(0.1, 0.2, 0.3, 0.4), Box(0.6, 0.5, 0.2, 0.2)
    truth = [TrueLabel("cup", here), TrueLabel("cup", there)]
    found = [CustomLabel("cup", 90, here), CustomLabel("pen", 80, there)]
    other = PredictedPicture([TrueLabel("pen", here)], [CustomLabel("pen", 85, here)])
    pictures = [
        Pictured("s3://b/brick", 500, 400, PredictedPicture(truth, found)),
        Pictured("s3://b/grass", 500, 400, other),
    ]
    html = page(pictures, ["cup", "pen"], located=True)
    assert 'class="box right" style="left:10.00%;top:20.00%;width:30.00%;height:40.00%"' in html
    assert 'class="box missed" style="left:60.00%;top:50.00%;width:20.00%;height:20.00%"' in html
    text = Words(html).text
    assert "missed cup not found" in text
    assert "right cup" in text
    assert "Average precision" in text
    assert "What is taken for what" not in text


def test_a_model_without_mistakes_and_one_without_tests() -> None:
    assert "There are none" in Words(page(PICTURES[:1], ["brick"])).text
    assert "No test picture has brick or grass" in Words(page([], ["brick", "grass"])).text


def test_many_labels_are_folded_away() -> None:
    labels = [f"label {number}" for number in range(60)]
    pictures = [
        Pictured(
            f"s3://b/{name}", 9, 9, PredictedPicture([TrueLabel(name)], [CustomLabel(name, 80)])
        )
        for name in labels
    ]
    text = Words(page(pictures, labels)).text
    assert "36 more labels" in text
    assert "Each row is a label" not in text


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(1, "100 %"), (0.9999, "99.9 %"), (0.29, "29 %"), (0.1234, "12.3 %"), (0, "0 %")],
)
def test_only_what_is_whole_is_called_so(ratio: float, shown: str) -> None:
    assert percent(ratio) == shown
