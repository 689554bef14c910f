"""Boxes that move, cross, hide and come back keep their index."""

from types import SimpleNamespace
from typing import Any, cast

import orjson

from openrekog.models.results import Box
from openrekog.server.analysis.video.persons import begin_person_tracking
from openrekog.server.analysis.video.tracking import Tracker

STEP_MS = 200


def walk(x: float, y: float = 0.3, size: float = 0.2) -> Box:
    return Box(left=x, top=y, width=size / 2, height=size)


def test_one_who_walks_keeps_their_index() -> None:
    tracker = Tracker()
    for step in range(10):
        assert tracker.update(step * STEP_MS, [walk(0.05 + 0.06 * step)], [90]) == [0]


def test_two_who_cross_keep_their_indexes() -> None:
    tracker = Tracker()
    for step in range(11):
        boxes = [walk(0.1 + 0.05 * step, 0.30), walk(0.6 - 0.05 * step, 0.36)]
        assert tracker.update(step * STEP_MS, boxes, [90, 90]) == [0, 1]


def test_one_who_hides_for_a_second_comes_back_with_their_index() -> None:
    tracker = Tracker()
    for step in range(4):
        tracker.update(step * STEP_MS, [walk(0.1 + 0.02 * step)], [90])
    for step in range(4, 9):
        assert tracker.update(step * STEP_MS, [], []) == []
    assert tracker.update(9 * STEP_MS, [walk(0.1 + 0.02 * 9)], [90]) == [0]


def test_one_who_is_gone_for_long_is_somebody_new() -> None:
    tracker = Tracker()
    assert tracker.update(0, [walk(0.1)], [90]) == [0]
    assert tracker.update(5_000, [walk(0.1)], [90]) == [1]


def test_a_doubtful_box_goes_on_with_a_track_and_begins_none() -> None:
    tracker = Tracker()
    assert tracker.update(0, [walk(0.1)], [90]) == [0]
    assert tracker.update(200, [walk(0.11), walk(0.7)], [50, 50]) == [0, None]
    assert tracker.update(400, [walk(0.12)], [90]) == [0]


def test_a_tracker_goes_on_from_where_it_was_put_away() -> None:
    whole, parts = Tracker(), Tracker()
    for step in range(10):
        boxes = [walk(0.1 + 0.05 * step), walk(0.6 - 0.05 * step, 0.36)]
        parts = Tracker.taken_up(parts.put_away())
        now = step * STEP_MS
        assert parts.update(now, boxes, [90, 90]) == whole.update(now, boxes, [90, 90])


def test_a_box_that_is_somebody_else_gets_an_index_of_its_own() -> None:
    tracker = Tracker()
    assert tracker.update(0, [walk(0.1)], [90]) == [0]
    assert tracker.update(200, [walk(0.1)], [90]) == [0]
    assert tracker.replace(0) == 1
    assert tracker.update(400, [walk(0.1)], [90]) == [1]


def test_a_job_that_a_former_release_began_goes_on() -> None:
    tracker = Tracker()
    tracker.update(0, [walk(0.1)], [90])
    job = cast(Any, SimpleNamespace(models=None))
    following = begin_person_tracking(job, tracker.put_away())
    kept = begin_person_tracking(job, following.put_away()).put_away()
    assert orjson.loads(orjson.loads(kept)["tracker"]) == orjson.loads(tracker.put_away())
