"""StartSegmentDetection with filters that are given in part: what is left out has its default."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.photos import astronaut, photograph
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.test_video_jobs import put, wait
from tests.acceptance.videos import write_video


def spotted(share: float) -> np.ndarray[Any, Any]:
    """Black, but for a white band at the bottom."""
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[round(240 * (1 - share)) :] = 255
    return picture


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames each: black, dark, a photograph, black but for a twentieth, a photograph."""
    pictures = [
        spotted(0),
        np.full((240, 320, 3), 40, np.uint8),
        astronaut().resize((320, 240)),
        spotted(0.05),
        photograph("chelsea.png").resize((320, 240)),
    ]
    frames = (picture for picture in pictures for _ in range(10))
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", frames, crf="10")


@pytest.fixture
def segments(server: ServerProcess, client: Any, film: Path) -> Any:
    video = put(server, film, "segments.mp4")

    def ask(types: list[str], **filters: Any) -> list[tuple[str, int, int]]:
        """Kind, first and last frame of each."""
        needs = {"Filters": filters} if filters else {}
        job = client.start_segment_detection(Video=video, SegmentTypes=types, **needs)["JobId"]
        answer = wait(client, job, client.get_segment_detection)
        assert answer["JobStatus"] == "SUCCEEDED"
        assert [one["Type"] for one in answer["SelectedSegmentTypes"]] == types
        return [
            (
                one.get("TechnicalCueSegment", {}).get("Type", "Shot"),
                one["StartFrameNumber"],
                one["EndFrameNumber"],
            )
            for one in answer["Segments"]
        ]

    return ask


CUES = [("BlackFrames", 0, 19), ("Content", 20, 49)]
# Of 94 % and more.
WIDER_CUES = [CUES[0], ("Content", 20, 29), ("BlackFrames", 30, 39), ("Content", 40, 49)]
SHOTS = [("Shot", 0, 19), ("Shot", 20, 29), ("Shot", 30, 39), ("Shot", 40, 49)]


def test_without_filters_the_defaults_hold(segments: Any) -> None:
    """99 % of the pixels up to a fifth of the range are black frames."""
    assert segments(["TECHNICAL_CUE", "SHOT"]) == CUES + SHOTS


@pytest.mark.parametrize("kind", ["TECHNICAL_CUE", "SHOT"])
def test_only_what_is_asked_is_found(segments: Any, kind: str) -> None:
    expected = {"TECHNICAL_CUE": CUES, "SHOT": SHOTS}
    assert segments([kind]) == expected[kind]


@pytest.mark.parametrize(
    ("filters", "cues"),
    [
        ({"ShotFilter": {"MinSegmentConfidence": 100}}, CUES),
        ({"ShotFilter": {}, "TechnicalCueFilter": {}}, CUES),
        ({"TechnicalCueFilter": {"MinSegmentConfidence": 50}}, CUES),
        ({"TechnicalCueFilter": {"BlackFrame": {}}}, CUES),
        ({"TechnicalCueFilter": {"BlackFrame": {"MinCoveragePercentage": 94}}}, WIDER_CUES),
        (
            {"TechnicalCueFilter": {"BlackFrame": {"MaxPixelThreshold": 0.1}}},
            [("BlackFrames", 0, 9), ("Content", 10, 49)],
        ),
    ],
    ids=["shots alone", "both empty", "cues alone", "no numbers", "coverage alone", "pixels alone"],
)
def test_filters_given_in_part(
    segments: Any, filters: dict[str, Any], cues: list[tuple[str, int, int]]
) -> None:
    assert segments(["TECHNICAL_CUE", "SHOT"], **filters) == cues + SHOTS


@pytest.mark.parametrize(("least", "kept"), [(50, True), (94, True), (96, False), (100, False)])
def test_cues_below_their_confidence_are_left_out(segments: Any, least: float, kept: bool) -> None:
    """A black frame is as sure as its share of black."""
    cue_filter = {"MinSegmentConfidence": least, "BlackFrame": {"MinCoveragePercentage": 94}}
    found = segments(["TECHNICAL_CUE"], TechnicalCueFilter=cue_filter)
    assert found == [one for one in WIDER_CUES if kept or one != ("BlackFrames", 30, 39)]


@pytest.mark.parametrize("name", ["ShotFilter", "TechnicalCueFilter"])
@pytest.mark.parametrize("confidence", [49, 101])
def test_confidences_outside_their_range_are_refused(
    server: ServerProcess, client: Any, film: Path, name: str, confidence: float
) -> None:
    refused_with(
        "ValidationException",
        client.start_segment_detection,
        Video=put(server, film, "segments.mp4"),
        SegmentTypes=["SHOT"],
        Filters={name: {"MinSegmentConfidence": confidence}},
    )
