"""`make bench`: measures the server and prints a report in Markdown."""

import argparse
import os
from collections.abc import Callable, Mapping
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

GALLERIES = (10_000, 100_000)
LARGE_GALLERY = 1_000_000


def speed(result: Report, given: argparse.Namespace) -> None:
    sizes = (*GALLERIES, LARGE_GALLERY) if given.large else GALLERIES
    measure_speed(result, pace_of(given), sizes, given.only, given.processes)


def canned(result: Report, given: argparse.Namespace) -> None:
    measure_canned(result, pace_of(given), given.processes)


def index(result: Report, given: argparse.Namespace) -> None:
    for dimension in (128, 512) if given.large else (128,):
        measure_index(result, dimension)


def training(result: Report, _given: argparse.Namespace) -> None:
    measure_training(result)


def video(result: Report, given: argparse.Namespace) -> None:
    measure_video(result, given.rounds)
    measure_batches(result, given.rounds)


def peers(result: Report, given: argparse.Namespace) -> None:
    measure_peers(result, pace_of(given))


def pace_of(given: argparse.Namespace) -> Pace:
    return Pace(given.rounds, given.seconds)


PARTS: Mapping[str, Callable[[Report, argparse.Namespace], None]] = {
    "speed": speed,
    "canned": canned,
    "index": index,
    "training": training,
    "video": video,
    "peers": peers,
}


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
    result = Report()
    parts = set(given.parts) or set(PARTS) - {"peers"}
    for name, measure in PARTS.items():
        if name in parts or (name == "peers" and given.peers):
            measure(result, given)
    print(result.text())
    if given.write:
        given.write.write_text(result.text())


if __name__ == "__main__":
    main()
