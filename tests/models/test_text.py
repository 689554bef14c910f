"""Text found and read: real pictures, and small graphs in the shape of packs not at hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from openrekog.models.architectures.batches import BATCH_SIZES
from openrekog.models.architectures.ctc import HEIGHT, WIDTHS
from openrekog.models.architectures.dbnet import CANVASES
from openrekog.models.loading.opening import Opening
from openrekog.models.loading.text import load_text_reader
from openrekog.models.pack import packs
from openrekog.models.reading import ModelTextReader
from openrekog.models.results import Image, TextLine
from openrekog.models.runtime import Runtime
from openrekog.models.session import Feeds
from openrekog.models.store import PackStore
from tests.models.pages import page, read
from tests.models.pictures import photograph, resized


@pytest.fixture(scope="module")
def shapes() -> set[tuple[str, tuple[int, ...]]]:
    """The input shapes that the networks of `reader` have seen."""
    return set()


@pytest.fixture(scope="module")
def reader(store: PackStore, shapes: set[tuple[str, tuple[int, ...]]]) -> Iterator[ModelTextReader]:
    class Watched(Runtime):
        def load(self, path: Path, name: str | None = None) -> Any:
            session = super().load(path, name)
            run = session.run

            def watched(feeds: Feeds) -> Any:
                shapes.update((session.name, array.shape) for array in feeds.values())
                return run(feeds)

            session.run = watched  # type: ignore[method-assign]  # this one only
            return session

    with Watched(["cpu"]) as runtime:
        yield load_text_reader(Opening.of(store, runtime))


@pytest.fixture(scope="module")
def page_lines(reader: ModelTextReader) -> list[TextLine]:
    return read(reader, page())


def test_reads_a_page(page_lines: list[TextLine]) -> None:
    found = page_lines
    assert found[0].text == "Region-based segmentation"
    assert "Let us first determine markers of the coins and the" in [line.text for line in found]
    for line in found:
        assert " ".join(word.text for word in line.words) == line.text
        assert 0 <= line.confidence <= 100
        assert line.polygon.shape == (4, 2)
        assert line.polygon.dtype == np.float32


def test_words_lie_in_their_line_one_after_the_other(page_lines: list[TextLine]) -> None:
    for line in page_lines:
        ends = [float(word.polygon[:, 0].max()) for word in line.words]
        starts = [float(word.polygon[:, 0].min()) for word in line.words]
        assert all(end <= start + 1e-3 for end, start in zip(ends, starts[1:], strict=False))
        assert starts[0] >= line.polygon[:, 0].min() - 1e-3
        assert ends[-1] <= line.polygon[:, 0].max() + 1e-3


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_says_the_same(
    reader: ModelTextReader, page_lines: list[TextLine], quarters: int
) -> None:
    upright = {word.text for line in page_lines for word in line.words}
    image = np.ascontiguousarray(np.rot90(page(), quarters))
    found = {word.text for line in read(reader, image) for word in line.words}
    assert len(upright & found) >= 0.8 * len(upright)


def test_a_batch_is_read_as_each_of_its_images(
    reader: ModelTextReader, page_lines: list[TextLine]
) -> None:
    empty, lines = reader.read([np.zeros((90, 90, 3), np.uint8), page()])
    assert empty == []
    assert [line.text for line in lines] == [line.text for line in page_lines]


def test_input_shapes_are_few_whatever_the_picture(
    reader: ModelTextReader, shapes: set[tuple[str, tuple[int, ...]]]
) -> None:
    for width, height in ((80, 80), (97, 803), (1234, 80), (1001, 2003)):
        reader.read([resized(page(), width, height)])
    canvases = {(canvas.height, canvas.width) for canvas in CANVASES}
    for name, (batch, channels, height, width) in shapes:
        assert channels == 3
        if name.endswith("detector"):
            assert (batch, (height, width)) in {(1, canvas) for canvas in canvases}
        else:
            assert batch in BATCH_SIZES
            assert height == HEIGHT
            assert width in WIDTHS


def test_characters_cover_the_languages_that_are_promised(store: PackStore) -> None:
    path = store.path(packs()["ppocr_v6_small"], "characters.txt")
    known = set(path.read_text("utf-8").split("\n"))
    promised = "äöüßÄÖÜéèêëàâçîïôùûœÉÈàìòùáíóúñ¿ãõâêçÃÕ€£%&@"
    assert set(promised) <= known
    assert not {"ж", "ب", "अ", "ก", "한"} & known


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("page.png", True),
        ("text.png", True),
        ("astronaut.png", False),
        ("chelsea.png", False),
        ("coins.png", False),
        ("horse.png", False),
        ("moon.png", False),
        ("phantom.png", False),
        ("retina.jpg", False),
    ],
)
def test_spots_text_that_one_notices(reader: ModelTextReader, name: str, shown: bool) -> None:
    (confidence,) = reader.spot([photograph(name)])
    assert (confidence >= 60) is shown
    assert shown or confidence < 30


@pytest.mark.parametrize(
    "name",
    [
        *("brick.png", "camera.png", "cell.png", "chelsea.png", "color.png", "gravel.png"),
        *("horse.png", "ihc.png", "logo.png", "moon.png", "retina.jpg"),
    ],
)
def test_reads_nothing_where_nothing_is_written(reader: ModelTextReader, name: str) -> None:
    assert [line.text for line in read(reader, photograph(name))] == []


@pytest.mark.parametrize(("text", "height"), [("7", 100), ("R", 160), ("38", 60)])
def test_reads_what_is_short(reader: ModelTextReader, text: str, height: int) -> None:
    (line,) = read(reader, drawn(text, height))
    assert line.text == text
    assert line.confidence >= 90


def drawn(text: str, height: int) -> Image:
    """White on gravel."""
    picture = PIL.Image.fromarray(photograph("gravel.png")[:300, :400])
    font = PIL.ImageFont.load_default(height)
    PIL.ImageDraw.Draw(picture).text((200, 150), text, "white", font, "mm")
    return np.asarray(picture)


def test_spots_no_text_in_a_panorama_of_one_colour(reader: ModelTextReader) -> None:
    assert reader.spot([np.full((80, 1600, 3), 200, np.uint8)]) == [0.0]
