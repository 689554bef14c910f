"""The layers of YOLOX-nano as features: they belong to the places that they say."""

from collections.abc import Iterator

import numpy as np
import pytest

from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.architectures.yolox_dense import show_layers
from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom.boxes import all_overlaps
from openrekog.models.custom.linear import Linear
from openrekog.models.custom.proposer import NEVER, STRIKING, Proposer
from openrekog.models.loading.labels import load_dense_extractor, load_object_detector
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.pictures import astronaut, photograph


@pytest.fixture(scope="module")
def opening(store: PackStore) -> Iterator[Opening]:
    with Runtime(["cpu"]) as runtime:
        yield Opening.of(store, runtime)


@pytest.fixture(scope="module")
def dense(opening: Opening) -> DenseExtractor:
    return load_dense_extractor(opening)


def test_sizes_are_those_that_were_promised(dense: DenseExtractor) -> None:
    seen = dense.extract(photograph("coffee.png"), 640)  # 600 x 400
    assert (seen.width, seen.height) == (640, 427)
    assert [cells.stride for cells in seen.cells] == list(dense.shape.strides) == [8, 16, 32]
    assert {cells.features.shape[1] for cells in seen.cells} == {dense.shape.numbers} == {273}
    # Only cells whose middle lies in the picture, not those in the grey beneath it.
    assert [len(cells.centres) for cells in seen.cells] == [80 * 53, 40 * 27, 20 * 13]
    assert [(each.stride, each.values.shape[2]) for each in seen.maps] == list(dense.shape.maps)
    for each in seen.maps:
        assert each.values.shape[:2] == (480 // each.stride, 640 // each.stride)


def test_the_likeliest_cell_draws_the_box_of_the_detector(
    dense: DenseExtractor, opening: Opening
) -> None:
    seen = dense.extract(astronaut(), 640)
    [objects] = load_object_detector(opening).detect([astronaut()])
    cells = max(seen.cells, key=lambda each: float(each.objectness.max()))
    best = int(cells.objectness.argmax())
    box = objects[0].box
    wanted = np.array([[box.left, box.top, box.left + box.width, box.top + box.height]])
    drawn = np.clip(cells.boxes[best] / seen.sides, 0, 1)[None]
    assert all_overlaps(drawn, wanted)[0, 0] > 0.9
    # The logarithms of the scores come last: objectness, then person.
    scores = np.exp(cells.features[best, -81:])
    assert scores[0] == pytest.approx(float(cells.objectness[best]), rel=1e-3)
    assert scores[1:].argmax() == 0


def test_what_strikes_the_network_is_proposed_without_being_taught(dense: DenseExtractor) -> None:
    nothing = Linear.constant(dense.shape.numbers, [NEVER, 0, 0, 0, 0])
    proposer = Proposer(dict.fromkeys(dense.shape.strides, nothing))
    seen = dense.extract(astronaut(), 640)
    found = proposer.propose(seen)
    person = np.array([[0.06, 0.03, 0.76, 0.94]]) * seen.sides
    assert len(found.boxes) == STRIKING
    assert all_overlaps(found.boxes, person).max() > 0.8


def test_another_graph_has_not_these_layers(opening: Opening) -> None:
    pack = opening.pack("sface")
    with pytest.raises(UnknownGraphError, match="not the published YOLOX-nano"):
        show_layers(opening.path(pack, pack.files[0]).read_bytes())
