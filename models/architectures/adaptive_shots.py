"""Cuts between shots by PySceneDetect's AdaptiveDetector, which needs no weights; the package
`scenedetect-headless` is an extra.

A frame's score is how far its hue, saturation and brightness are from those of the frame before,
0..255 on average. A cut is where it stands out from the scores around it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.signatures import MissingPackageError
from openrekog.models.results import FrameStrip

LEAST_RATIO = 3.0
"""Of a frame's score by the mean of those around it: AdaptiveDetector's own threshold."""

LEAST_SCORE = 15.0
"""Its own threshold of the score itself."""

AROUND = 2
"""Frames before and after a cut that it is compared with, as is AdaptiveDetector's default."""

RATE = 25.0
"""Frames must have a time; no decision follows from it."""


class AdaptiveShots:
    """0.3 ms of CPU for each frame of video. Fades and dissolves are not found.

    The library's detector keeps its state in private members that cannot be put away. It looks no
    further than two frames, so that a new one for each strip says the same.
    """

    def __init__(self) -> None:
        """Raises MissingPackageError."""
        try:
            import scenedetect
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                "adaptive_shots needs scenedetect-headless: pip install 'openrekog[scenedetect]'"
            ) from error
        self._library = scenedetect

    def changes(self, frames: FrameStrip) -> NDArray[np.float32]:
        quarter = len(frames) // 4
        # What the library calls a cut is the first frame of a shot, one after the last of another;
        # it takes one frame more before them to have a score of the first.
        seen = frames[quarter - AROUND : 3 * quarter + AROUND + 1]
        measured = self._measured(np.ascontiguousarray(seen[..., ::-1]))
        return np.array([chance(score, ratio) for score, ratio in measured], np.float32)

    def _measured(self, frames: FrameStrip) -> Iterator[tuple[float, float]]:
        """Score and ratio of all BGR frames that have enough others around them."""
        stats = self._library.StatsManager()
        detector = self._library.AdaptiveDetector(window_width=AROUND, min_scene_len=0)
        detector.stats_manager = stats
        score, *_, ratio = detector.get_metrics()
        times = [self._library.FrameTimecode(number, RATE) for number in range(len(frames))]
        for time, frame in zip(times, frames, strict=True):
            detector.process_frame(time, frame)
        for time in times[AROUND + 1 : -AROUND]:
            measured = stats.get_metrics(time, [score, ratio])
            yield float(measured[0]), float(measured[1])


def chance(score: float, ratio: float) -> float:
    """0.5 where both thresholds are just reached, and nearer to 1 the further both are passed."""
    passed = min(score / LEAST_SCORE, ratio / LEAST_RATIO)
    return passed / (1 + passed)
