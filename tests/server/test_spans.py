"""How long a thing stays in view."""

from typing import Any

import orjson

from openrekog.server.analysis.video.spans import NamedThings, Seen


class Shot:
    """A frame without pixels."""

    def __init__(self, timestamp_ms: int) -> None:
        self.timestamp_ms = timestamp_ms
        self.image = timestamp_ms


def things(script: dict[int, dict[str, float]], duration_ms: int = 10_000) -> NamedThings:
    def look(images: Any) -> list[list[Seen]]:
        return [
            [
                Seen(name, sure, {"Name": name}, {"Sure": sure})
                for name, sure in script[time].items()
            ]
            for time in images
        ]

    return NamedThings(500, duration_ms, look)


def segments(script: dict[int, dict[str, float]], put_away: bool = False) -> list[tuple[Any, ...]]:
    analysis, found = things(script), []
    for time in script:
        if put_away:
            analysis = things(script).taken_up(analysis.put_away())
        found += analysis.feed([Shot(time)])  # type: ignore[list-item]  # all that is asked of it
    found += analysis.end()
    members = [(one.name, orjson.loads(one.document)) for one in found if one.view == "SEGMENTS"]
    return [
        (name, m["StartTimestampMillis"], m["EndTimestampMillis"], m["DurationMillis"], m["Sure"])
        for name, m in members
    ]


SCRIPT = {
    0: {"Car": 80.0},
    500: {"Car": 90.0, "Dog": 60.0},
    1000: {"Dog": 70.0},
    1500: {"Car": 85.0},
    2000: {},
    2500: {},
    3000: {},
    3500: {"Dog": 55.0},
}


def test_a_thing_missed_for_a_frame_is_still_in_view() -> None:
    assert segments(SCRIPT) == [
        ("Dog", 500, 1500, 1000, 70.0),
        ("Car", 0, 2000, 2000, 90.0),
        ("Dog", 3500, 4000, 500, 55.0),
    ]


def test_spans_go_on_from_where_they_were_put_away() -> None:
    assert segments(SCRIPT, put_away=True) == segments(SCRIPT)


def test_a_slide_show_has_one_frame_in_many_seconds() -> None:
    """What is in each of its pictures is in view throughout, and each stays until the next one."""
    script = {0: {"Car": 80.0}, 4000: {"Car": 70.0, "Dog": 60.0}, 9000: {"Dog": 70.0}, 13_000: {}}
    expected = [("Car", 0, 9000, 9000, 80.0), ("Dog", 4000, 13_000, 9000, 70.0)]
    assert segments(script) == expected
    assert segments(script, put_away=True) == expected


def test_no_segment_ends_after_the_video() -> None:
    analysis = things({0: {"Car": 80.0}}, duration_ms=300)
    analysis.feed([Shot(0)])  # type: ignore[list-item]  # all that is asked of it
    [ended] = analysis.end()
    assert orjson.loads(ended.document)["EndTimestampMillis"] == 300
