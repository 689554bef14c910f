"""RAM++ and SigLIP 2 packs, on small graphs with the signatures of the real ones."""

import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openrekog.models.architectures.signatures import MissingPackageError, UnknownGraphError
from openrekog.models.capabilities import ConceptScorer
from openrekog.models.loading.classifiers import concept_scorer, load_label_classifiers
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import choose, default_packs, find
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.models.vocabulary.labels import all_labels
from tests.models.premium_graphs import (
    BIAS,
    SCALE,
    WORDS,
    brought,
    image_tower,
    ram,
    text_tower,
    tokenizer,
)

Make = Callable[[Path], Path]


def plain(red: int, green: int, blue: int, side: int = 50) -> Image:
    return np.full((side, side + 20, 3), (red, green, blue), np.uint8)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return brought(tmp_path / "own")


@pytest.fixture
def store(tmp_path: Path) -> PackStore:
    return PackStore(tmp_path / "models")


def opened(store: PackStore, own: Path, runtime: Runtime, *packs: str) -> Opening:
    store.pull(find(packs), own_files=own)
    return Opening.of(store, runtime, packs)


@pytest.mark.parametrize("ending", ["", "sigmoid"], ids=["logits", "chances"])
def test_ram_gives_labels(store: PackStore, own: Path, ending: str) -> None:
    ram(own / "ram_plus.onnx", ending)
    with Runtime(["cpu"]) as runtime:
        (model,) = load_label_classifiers(opened(store, own, runtime, "ram_plus"))
        red, green = model.classify([plain(255, 0, 0), plain(0, 128, 255)])
    assert model.scheme == "rekognition"
    # Wibble is no label; a bunny and rabbits are the same one, by whichever is likelier.
    assert red == pytest.approx({"Dog": 98.2, "Rabbit": 1.8, "Fire Truck": 1.8}, abs=0.02)
    half = 100 / (1 + math.exp(4 - 12 * 128 / 255))
    assert green == pytest.approx({"Dog": 1.8, "Rabbit": half, "Fire Truck": 98.2}, abs=0.02)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: ram(path, "cut"), r"ram_plus/ram_plus gives only 0 and 1"),
        (lambda path: ram(path, tags=7), r"is not RAM for 5 tags .* gives tag 1x7"),
        (text_tower, r"is not RAM .* takes input_ids nx64"),
    ],
    ids=["cut tags", "other tags", "another network"],
)
def test_what_is_not_ram_is_refused(
    store: PackStore, own: Path, make: Make, complaint: str
) -> None:
    make(own / "ram_plus.onnx")
    with Runtime(["cpu"]) as runtime, pytest.raises(UnknownGraphError, match=complaint):
        load_label_classifiers(opened(store, own, runtime, "ram_plus"))


def test_siglip_scores_every_label(store: PackStore, own: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        (model,) = load_label_classifiers(opened(store, own, runtime, "siglip2"))
        assert model.classify([]) == []
        red, grey = model.classify([plain(255, 0, 0), plain(128, 128, 128)])
    assert model.scheme == "rekognition"
    assert red.keys() == all_labels().keys()
    # The cosine is 1, so that the chance is the sigmoid of 10 - 5; without a word it is of -5.
    high, low = 100 / (1 + math.exp(-5)), 100 / (1 + math.exp(5))
    assert red["Dog"] == pytest.approx(high, abs=1e-3)
    assert red["Aardvark"] == pytest.approx(low, abs=1e-3)
    assert grey["Dog"] < red["Dog"]


def scorer(opening: Opening) -> ConceptScorer:
    found = concept_scorer(load_label_classifiers(opening))
    assert found is not None
    return found


def test_siglip_scores_any_words(store: PackStore, own: Path) -> None:
    with Runtime(["cpu"]) as runtime:
        model = scorer(opened(store, own, runtime, "siglip2"))
        images = [plain(255, 0, 0), plain(0, 0, 255), plain(255, 0, 255)]
        scores = model.score(images, ["something RED", "the sea", "the red sea"])
        assert model.score(images, []).shape == (3, 0)
        assert model.score([], ["red"]).shape == (0, 1)

    def chance(cosine: float) -> float:
        return 100 / (1 + math.exp(-SCALE * cosine - BIAS))

    # The vectors are (1, -1, -1), (-1, -1, 1) and their sum (0, -2, 0), each made a unit long.
    third, root = 1 / 3, 1 / math.sqrt(3)
    expected = [[1, -third, root], [-third, 1, root], [third, third, root]]
    np.testing.assert_allclose(
        scores, [[chance(cosine) for cosine in row] for row in expected], atol=1e-3
    )


def test_the_defaults_stay_beside_them() -> None:
    assert choose(["siglip2", "ram_plus"])[2:] == default_packs()
    with Runtime(["cpu"]) as runtime:
        opening = Opening(PackStore(Path()), runtime, default_packs())
    assert load_label_classifiers(opening) == ()
    assert concept_scorer([]) is None


def test_label_vectors_are_computed_once(store: PackStore, own: Path) -> None:
    def text_towers() -> int:
        with Runtime(["cpu"]) as runtime:
            (model,) = load_label_classifiers(opened(store, own, runtime, "siglip2"))
            (found,) = model.classify([plain(255, 0, 0)])
            assert found["Dog"] > 99
            return sum(one.name == "siglip2/text_model" for one in runtime.loaded)

    folder = store.models_dir / "siglip2" / "vectors"
    assert (text_towers(), text_towers()) == (1, 0)
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert (text_towers(), text_towers()) == (1, 0)
    # Another tokenizer gives other vectors, so these are not taken for its own.
    tokenizer(own / "tokenizer.json", {**WORDS, "photo": len(WORDS)})
    assert (text_towers(), text_towers()) == (1, 0)
    assert len(list(folder.iterdir())) == 2


def test_vectors_that_cannot_be_kept_are_told(
    store: PackStore, own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Runtime(["cpu"]) as runtime, caplog.at_level(logging.WARNING):
        opening = opened(store, own, runtime, "siglip2")
        (store.models_dir / "siglip2" / "vectors").write_text("a file in the way")
        score = scorer(opening).score([plain(255, 0, 0)], ["red"])
    assert score[0, 0] > 99
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    ("file", "make", "complaint"),
    [
        ("vision_model.onnx", text_tower, r"vision_model is not an image tower .* input_ids nx64"),
        (
            "vision_model.onnx",
            lambda path: image_tower(path, vectors=False),
            r"gives last_hidden_state nx1x3",
        ),
        (
            "vision_model.onnx",
            lambda path: image_tower(path, width=4),
            r"of 3 numbers, as the text",
        ),
        ("text_model.onnx", image_tower, r"text_model is not a text tower .* pixel_values"),
        ("tokenizer.json", lambda path: path.write_text("{}"), r"is not a tokenizer.json"),
        ("siglip2.json", lambda path: path.write_text("{}"), r"logit_scale and logit_bias"),
        ("siglip2.json", lambda path: path.write_text("[]"), r"logit_scale and logit_bias"),
        ("siglip2.json", lambda path: path.write_text("no"), r"logit_scale and logit_bias"),
    ],
    ids=["towers", "no vector", "other size", "swapped", "tokenizer", "empty", "list", "no JSON"],
)
def test_what_is_not_siglip_is_refused(
    store: PackStore, own: Path, file: str, make: Make, complaint: str
) -> None:
    make(own / file)
    with Runtime(["cpu"]) as runtime, pytest.raises(UnknownGraphError, match=complaint):
        scorer(opened(store, own, runtime, "siglip2")).score([plain(1, 2, 3)], ["red"])


def test_the_extra_is_named_where_it_is_missing(
    store: PackStore, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with Runtime(["cpu"]) as runtime, pytest.raises(MissingPackageError, match=r"\[siglip2\]"):
        scorer(opened(store, own, runtime, "siglip2")).score([plain(1, 2, 3)], ["red"])
