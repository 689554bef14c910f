"""How windows are merged into faces, on networks that see what the test says."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.architectures.candidates import Candidates
from openrekog.models.detection import MultiScaleDetector
from openrekog.models.results import Image


@dataclass
class SeesMarks:
    """Sees each coloured rectangle as a face whose score is its red value in percent."""

    windows: list[tuple[int, int]] = field(default_factory=list)

    def candidates(self, window: Image, least: float) -> Candidates:
        self.windows.append((window.shape[1], window.shape[0]))
        boxes, scores = [], []
        marks = window[:, :, 1] // 40  # scaling blurs the edges
        for mark in np.unique(marks):
            rows, columns = np.nonzero(marks == mark)
            score = float(np.median(window[rows, columns, 0])) / 100
            if mark and score >= least:
                ends = columns.max() + 1, rows.max() + 1
                boxes.append((columns.min(), rows.min(), *ends))
                scores.append(score)
        found = np.array(boxes, np.float64).reshape(-1, 4)
        return Candidates(found, np.array(scores), np.repeat(found[:, None, :2], 5, axis=1))


@dataclass
class Agrees:
    share: float
    asked: list[NDArray[np.float64]] = field(default_factory=list)

    def agree(self, image: Image, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        self.asked.extend(boxes)
        return np.full(len(boxes), self.share)


def picture(*marks: tuple[int, int, int, int, int], size: int = 320) -> Image:
    """Marks are left, top, right, bottom and score in percent, later ones on top."""
    image = np.zeros((size, size, 3), np.uint8)
    for number, (left, top, right, bottom, score) in enumerate(marks, start=1):
        image[top:bottom, left:right] = (score, 40 * number, 0)
    return image


def test_boxes_come_back_as_ratios_largest_first() -> None:
    image = picture((32, 64, 64, 96, 95), (160, 160, 320, 240, 95))
    (faces,) = MultiScaleDetector([SeesMarks()]).detect([image])
    boxes = [(f.box.left, f.box.top, f.box.width, f.box.height) for f in faces]
    assert boxes == [(0.5, 0.5, 0.5, 0.25), (0.1, 0.2, 0.1, 0.1)]
    assert all(face.confidence > 99 for face in faces)


@pytest.mark.parametrize(
    ("outer", "found"),
    [pytest.param(92, 1, id="an eye in a face"), pytest.param(35, 1, id="a face in a shadow")],
)
def test_a_face_in_a_likely_face_is_none(outer: int, found: int) -> None:
    image = picture((40, 40, 280, 280, outer), (100, 100, 140, 140, 96))
    (faces,) = MultiScaleDetector([SeesMarks()]).detect([image])
    assert len(faces) == found
    assert (faces[0].box.width > 0.5) == (outer > 50)


@pytest.mark.parametrize(
    ("score", "share", "asked", "confidence"),
    [
        pytest.param(95, 0.0, 0, (99, 100), id="sure: nobody is asked"),
        pytest.param(88, 0.2, 1, None, id="the other one says no"),
        pytest.param(60, 0.8, 1, (85, 95), id="the other one says yes"),
        pytest.param(35, 0.9, 1, (60, 75), id="the other one knows better"),
        pytest.param(20, 1.0, 0, None, id="too unlikely to ask"),
    ],
)
def test_a_second_opinion_decides_doubtful_faces(
    score: int, share: float, asked: int, confidence: tuple[float, float] | None
) -> None:
    second = Agrees(share)
    image = picture((100, 100, 160, 160, score))
    (faces,) = MultiScaleDetector([SeesMarks()], second).detect([image])
    assert len(second.asked) == asked
    assert [confidence[0] <= face.confidence <= confidence[1] for face in faces if confidence] == (
        [True] if confidence else []
    )
    assert bool(faces) == bool(confidence)


def test_a_face_on_a_seam_is_found_once_and_whole() -> None:
    """At 4000 pixels the fine scale cuts the picture into four windows. The one at the right sees
    less than half of the face, and likes that better than the whole."""
    image = picture((1920, 1920, 2020, 2020, 91), size=4000)
    image[1920:2020, 1985:2020, 0] = 98
    network = SeesMarks()
    (faces,) = MultiScaleDetector([network]).detect([image])
    assert len(network.windows) > 5
    assert len(faces) == 1
    assert faces[0].box.width == pytest.approx(100 / 4000, rel=0.1)


def test_a_large_portrait_is_not_searched_for_tiny_faces() -> None:
    network = SeesMarks()
    MultiScaleDetector([network]).detect([picture((1000, 1000, 3000, 3000, 95), size=4000)])
    assert network.windows == [(1280, 1280), (320, 320)]
