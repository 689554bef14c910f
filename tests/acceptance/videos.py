"""Short H.264 files for tests, made of pictures."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

SIZE = (320, 240)


def write_video(
    path: Path,
    pictures: Iterable[Any],
    *,
    rate: Fraction | int = 10,
    times: Sequence[int] | None = None,
    codec: str = "libx264",
    container_options: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """One frame for each RGB picture; `times` are milliseconds, for a rate that varies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate, {"g": "10", **options})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, picture in enumerate(pictures):
            resized = np.asarray(cv2.resize(np.asarray(picture), SIZE), np.uint8)
            frame = av.VideoFrame.from_ndarray(resized, "rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
