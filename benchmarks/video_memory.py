"""Does memory stay over a long film? A server does jobs on one; its resident memory after a tenth
of the film and at the end.

python -m benchmarks.video_memory [--minutes 60] [--rate 2] [--height 180] [--kind face_detection]
    [--pack fake]

The film is a short one whose packets are repeated, so that an hour takes a second to make. A tenth
of it should hold over a hundred frames: only then the network for shots has been met by then.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import av
import psutil

from benchmarks.report import machine, table
from benchmarks.video_recovery import KINDS, VIDEO
from benchmarks.video_speed import MIB, write_film
from openrekog.server.services import open_store
from openrekog.server.settings import Settings
from tests.acceptance.servers import ServerProcess

HEIGHT = 180
WIDE = 16 / 9
ROUND = 12
"""Seconds of the short film: every photograph is there for three."""

EARLY = 0.1
"""Share of the film after which memory is looked at first."""

MOST_GROWTH = 1.10
POLL = 0.1


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="openrekog-memory-") as name:
        folder = Path(name)
        size = (round(WIDE * given.height), given.height)
        short = write_film(folder / "short.mp4", ROUND, size, given.rate)
        film = repeated(short, folder / "long.mp4", 60 * given.minutes // ROUND)
        memory = watched(folder / "data", film, given.kind or list(KINDS), given.pack)
    print(machine())
    print(report(memory))
    if (growth := growth_of(memory)) > MOST_GROWTH:
        sys.exit(f"memory grew to {growth:.2f} of what it was, over {MOST_GROWTH}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video_memory", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="length of the film")
    parser.add_argument("--rate", type=int, default=2, help="frames a second")
    parser.add_argument("--height", type=int, default=HEIGHT, help="pixels; 16 by 9")
    parser.add_argument("--kind", action="append", choices=KINDS, help="analysis; all of them")
    parser.add_argument("--pack", action="append", default=[], help="pack of the server")
    return parser.parse_args()


def repeated(short: Path, long: Path, times: int) -> Path:
    """The packets of a film again and again, nothing of it encoded anew."""
    with av.open(short) as source, av.open(long, "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        length = stream.duration or 0
        for turn in range(times):
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                packet.dts += turn * length
                packet.pts += turn * length
                packet.stream = copy
                target.mux(packet)
    return long


def watched(
    data_dir: Path, film: Path, kinds: Sequence[str], packs: Sequence[str]
) -> dict[int, float]:
    """Resident MiB by finished parts, of a server that does one job of each kind."""
    server = ServerProcess(data_dir, {"packs": [*packs]}, by_command=True).start()
    try:
        target = data_dir / "buckets" / "films" / "film.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        film.rename(target)
        client = server.client()
        jobs = [
            getattr(client, f"start_{kind}")(Video=VIDEO, **KINDS[kind][1])["JobId"]
            for kind in kinds
        ]
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        return {done: process.memory_info().rss / MIB for done in progress(data_dir, jobs)}
    finally:
        server.close()


def progress(data_dir: Path, job_ids: Sequence[str]) -> Iterator[int]:
    """Finished parts of all jobs now and then, until they have ended. Jobs that wait for the same
    film are done together, but the first may have begun when the second is asked for."""
    with closing(open_store(Settings(data_dir=data_dir), serving=False)) as store:
        while True:
            with store.read() as rows:
                jobs = [job for job_id in job_ids if (job := rows.jobs.by_id(job_id)) is not None]
            if any(job.status == "FAILED" for job in jobs):
                raise RuntimeError(str([job.message for job in jobs]))
            yield sum(job.parts for job in jobs)
            if all(job.status == "SUCCEEDED" for job in jobs):
                return
            time.sleep(POLL)


def marks(memory: Mapping[int, float]) -> tuple[int, int, int]:
    """Finished parts after a tenth, at the highest, and at the end."""
    last = max(memory)
    early = next(done for done in memory if done >= EARLY * last)
    return early, max(memory, key=lambda done: memory[done]), last


def growth_of(memory: Mapping[int, float]) -> float:
    early, _, last = marks(memory)
    return memory[last] / memory[early]


def report(memory: Mapping[int, float]) -> str:
    early, highest, last = marks(memory)
    names = {0: "begun", early: "a tenth", highest: "the highest", last: "the end"}
    rows = [
        (name, f"{100 * done / last:.0f} %", memory[done], memory[done] / memory[early])
        for done, name in names.items()
    ]
    return table(("at", "done", "RSS MiB", "ratio"), rows)


if __name__ == "__main__":
    main()
