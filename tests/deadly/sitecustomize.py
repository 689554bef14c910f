"""On the PYTHONPATH, this makes the decoder of every Python process end the process, as a fault in
FFmpeg does, at 12 seconds of a video with seven frames a second; and come to no end there in one
with nine."""

import os
import signal
import time
from typing import Any

from openrekog.server.media import videos

decode = videos._decode


def deadly(packet: Any) -> Any:
    if (packet.pts or 0) * packet.time_base >= 12:
        if packet.stream.average_rate == 7:
            os.kill(os.getpid(), signal.SIGSEGV)
        while packet.stream.average_rate == 9:
            time.sleep(0.1)
    return decode(packet)


videos._decode = deadly
