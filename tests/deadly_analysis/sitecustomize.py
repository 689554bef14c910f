"""On the PYTHONPATH, this makes FaceDetection of every Python process end the process, as a fault
in a runtime of networks does: at 2 seconds of a video."""

import os
import signal
from typing import Any

from openrekog.server.analysis.video import faces

begin = faces.begin_face_detection


def deadly(job: Any, state: Any) -> Any:
    analysis = begin(job, state)
    look = analysis.look

    def die(frames: Any) -> Any:
        if any(frame.timestamp_ms >= 2000 for frame in frames):
            os.kill(os.getpid(), signal.SIGSEGV)
        return look(frames)

    analysis.look = die
    return analysis


faces.begin_face_detection = deadly
