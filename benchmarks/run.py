"""`make bench`: measures the server and prints a report in Markdown."""

import argparse
import os
from pathlib import Path

from benchmarks.canned import measure_canned
from benchmarks.custom_training import measure_training
from benchmarks.index_alone import measure_index
from benchmarks.measure import Pace
from benchmarks.peers import measure_peers
from benchmarks.report import Report
from benchmarks.speed import measure_speed
from benchmarks.video_batches import measure_batches
from benchmarks.video_speed import measure_video

PARTS = ("speed", "canned", "index", "peers", "training", "video")
GALLERIES = (10_000, 100_000)
LARGE_GALLERY = 1_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all but peers if none")
    parser.add_argument("--peers", action="store_true", help="beside DeepFace too (installs it)")
    parser.add_argument(
        "--large", action="store_true", help="a million stored faces and 512 numbers too"
    )
    parser.add_argument("--only", default="", help="in speed, requests whose name contains this")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 1,
        help="of the server; one a core if not",
    )
    parser.add_argument("--write", type=Path, help="file for the report, besides stdout")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    given = arguments()
    result, pace = Report(), Pace(given.rounds, given.seconds)
    parts = set(given.parts) or {"speed", "canned", "index", "training", "video"}
    if "speed" in parts:
        sizes = (*GALLERIES, LARGE_GALLERY) if given.large else GALLERIES
        measure_speed(result, pace, sizes, given.only, given.processes)
    if "canned" in parts:
        measure_canned(result, pace, given.processes)
    if "index" in parts:
        for dimension in (128, 512) if given.large else (128,):
            measure_index(result, dimension)
    if "training" in parts:
        measure_training(result)
    if "video" in parts:
        measure_video(result, given.rounds)
        measure_batches(result, given.rounds)
    if given.peers or "peers" in parts:
        measure_peers(result, pace)
    print(result.text())
    if given.write:
        given.write.write_text(result.text())


if __name__ == "__main__":
    main()
