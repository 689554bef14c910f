"""What the benchmark of identities counts, on boxes that are written down."""

import pytest

from benchmarks.stages import Shown
from benchmarks.trails import Counts, Followed, Trails
from openrekog.models.results import Box

LEFT, RIGHT = (Box(left=left, top=0.2, width=0.2, height=0.5) for left in (0.1, 0.6))


def ann(scene: int = 0, visible: float = 1.0) -> Shown:
    return Shown("ann", scene, LEFT, visible)


def bob(scene: int = 0) -> Shown:
    return Shown("bob", scene, RIGHT, 1.0)


Frames = list[tuple[list[Shown], list[Followed]]]

CASES: dict[str, tuple[Frames, Counts]] = {
    "all is right": ([([ann(), bob()], [Followed(0, LEFT), Followed(1, RIGHT)])] * 3, Counts(6)),
    "one is missed and comes back": (
        [([ann()], [Followed(0, LEFT)]), ([ann()], []), ([ann()], [Followed(0, LEFT)])],
        Counts(3, missed=1, fragments=1),
    ),
    "one is somebody else from now on": (
        [([ann()], [Followed(0, LEFT)])] + [([ann()], [Followed(1, LEFT)])] * 2,
        Counts(3, switches=1),
    ),
    "two change places": (
        [
            ([ann(), bob()], [Followed(0, LEFT), Followed(1, RIGHT)]),
            ([ann(), bob()], [Followed(1, LEFT), Followed(0, RIGHT)]),
        ],
        Counts(4, switches=2, joined=2),
    ),
    "one is taken for another behind a cut": (
        [([ann()], [Followed(0, LEFT)]), ([bob(1)], [Followed(0, RIGHT)])],
        Counts(2, joined=1),
    ),
    "one is somebody new behind a cut": (
        [([ann()], [Followed(0, LEFT)]), ([ann(1)], [Followed(1, LEFT)])],
        Counts(2),
    ),
    "a box is nobody's": ([([ann()], [Followed(0, LEFT), Followed(1, RIGHT)])], Counts(1, false=1)),
    "who is hidden need not be found": ([([ann(visible=0.4)], [])], Counts()),
    "who was in a place stays there": (
        [
            ([ann()], [Followed(0, LEFT)]),
            ([ann()], [Followed(1, LEFT), Followed(0, Box(0.12, 0.2, 0.2, 0.5))]),
        ],
        Counts(2, false=1),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_counts(case: str) -> None:
    frames, expected = CASES[case]
    trails = Trails(least_overlap=0.5)
    for shown, found in frames:
        trails.see(shown, found)
    assert trails.counts == expected


def test_accuracy_and_sums() -> None:
    assert Counts(10, missed=1, false=1, switches=1).accuracy == 0.7
    assert Counts(1, 2, 3, 4, 5, 6) + Counts(1, 1, 1, 1, 1, 1) == Counts(2, 3, 4, 5, 6, 7)
