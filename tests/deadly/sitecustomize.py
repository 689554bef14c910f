"""On the PYTHONPATH, this makes the decoder of every Python process end the process, as a fault in
FFmpeg does: at 12 seconds of a video with seven frames a second."""

import os
import signal
from typing import Any

from openrekog.server.media import videos

decode = videos._decode


def deadly(packet: Any) -> Any:
    if packet.stream.average_rate == 7 and (packet.pts or 0) * packet.time_base >= 12:
        os.kill(os.getpid(), signal.SIGSEGV)
    return decode(packet)


videos._decode = deadly
