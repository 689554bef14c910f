"""Tries a video in a process of its own: a hostile or damaged file can end the process in which
FFmpeg decodes it, or keep it busy for ever.

The child opens nothing: it asks for bytes of the file through a pipe, and gets them through
another. `python -m` this module is the child.
"""

import io
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Literal

from openrekog.server.media.objects import StoredObject
from openrekog.server.media.parted import PartedFile
from openrekog.server.media.pulse import Pulse
from openrekog.server.media.videos import Video, VideoError

Outcome = Literal["lives", "dies", "hangs"]

ASKED = struct.Struct("<QQ")
"""The bytes that the child asks for: their offset and number. None are asked for to say that it has
come further."""

SECONDS_BETWEEN_SIGNS = 1.0

# A busy machine takes some for Python and all that it imports.
SECONDS_TO_START = 30.0

GIVEN = struct.Struct("<Q")
"""The number of the bytes that follow, less at the end of the file."""


def outcome(
    found: StoredObject, codecs: Sequence[str], start_ms: int, end_ms: int, patience: float
) -> Outcome:
    """What becomes of a process that decodes this stretch; the file is closed. What else may be
    wrong with the video is no matter here. It hangs when it comes no further for `patience`
    seconds, those not counted for which it waits for the file."""
    numbers = (str(number) for number in (found.size, start_ms, end_ms))
    command = [sys.executable, "-m", __name__, *numbers, *codecs]
    hangs = False
    with suppress(BrokenPipeError), closing(found.file), child(command) as process:
        hangs = not serve(found, process, patience)
        if hangs:
            process.kill()
    if hangs:
        return "hangs"
    return "lives" if process.returncode >= 0 else "dies"


def child(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter, and nothing of the file's owner
        command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def serve(found: StoredObject, process: "subprocess.Popen[bytes]", patience: float) -> bool:
    """Until the child has ended; False if it hangs."""
    assert process.stdin is not None
    assert process.stdout is not None
    give_up = time.monotonic() + SECONDS_TO_START + patience
    while select.select([process.stdout], [], [], max(0.0, give_up - time.monotonic()))[0]:
        asked = read(process.stdout, ASKED.size)
        if len(asked) < ASKED.size:
            return True
        began = time.monotonic()
        offset, size = ASKED.unpack(asked)
        if size == 0:
            give_up = began + patience
            continue
        found.file.seek(offset)
        data = found.file.read(size)
        write(process.stdin, GIVEN.pack(len(data)) + data)
        give_up += time.monotonic() - began
    return False


class AskedFile(PartedFile):
    """The file as the child has it."""

    def __init__(self, size: int, questions: IO[bytes], answers: IO[bytes]) -> None:
        super().__init__(size)
        self._questions = questions
        self._answers = answers

    def part(self, start: int, count: int) -> bytes:
        write(self._questions, ASKED.pack(start, count))
        (size,) = GIVEN.unpack(read(self._answers, GIVEN.size))
        return read(self._answers, size)


def read(pipe: IO[bytes], size: int) -> bytes:
    """Less only where the other end is gone."""
    data = b""
    while len(data) < size and (more := pipe.read(size - len(data))):
        data += more
    return data


def write(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) or 0 :]


def main(size: str, start_ms: str, end_ms: str, *codecs: str) -> None:
    be_the_first_to_die()
    # Whatever prints must not print between the questions.
    questions, answers = os.fdopen(os.dup(1), "wb", 0), os.fdopen(os.dup(0), "rb", 0)
    os.dup2(2, 1)
    file = io.BufferedReader(AskedFile(int(size), questions, answers), 1024 * 1024)
    write(questions, ASKED.pack(0, 0))
    pulse = Pulse(signs(questions))
    with suppress(VideoError), Video(file, codecs, pulse) as video:
        for frame in video.frames(int(start_ms)):
            if frame.timestamp_ms >= int(end_ms):
                break
            _ = frame.image


def signs(questions: IO[bytes]) -> Callable[[], None]:
    """Says now and then that the decoder comes further."""
    said = time.monotonic()

    def say() -> None:
        nonlocal said
        if time.monotonic() >= said + SECONDS_BETWEEN_SIGNS:
            said = time.monotonic()
            write(questions, ASKED.pack(0, 0))

    return say


def be_the_first_to_die() -> None:
    """Where memory runs out, this process is to be ended and not the server; and the end of the
    server by a signal to all of its processes must not look like a fault of the file."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    main(*sys.argv[1:])
