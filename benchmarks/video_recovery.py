"""Kills a server at random moments of a job, and compares what it finds with an undisturbed run.

python -m benchmarks.video_recovery [--kills 10] [--seconds 120] [--pack fake]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import machine, say
from benchmarks.video_speed import write_film
from tests.acceptance.servers import ServerProcess

SIZE = (320, 240)
VIDEO = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "face_detection": ("Faces", {}),
    "label_detection": ("Labels", {}),
    "person_tracking": ("Persons", {}),
    "segment_detection": ("Segments", {"SegmentTypes": ["SHOT", "TECHNICAL_CUE"]}),
}


def main() -> None:
    given = arguments()
    moments = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="openrekog-recovery-") as name:
        folder = Path(name)
        film = write_film(folder / "film.mp4", given.seconds, SIZE, rate=10)
        undisturbed, seconds = found(folder / "undisturbed", film, given.pack, [])
        say(f"undisturbed: {seconds:.1f} s")
        kills = [moments.uniform(0.05, seconds / given.kills) for _ in range(given.kills)]
        killed, _ = found(folder / "killed", film, given.pack, kills)
    same = {kind: killed[kind] == undisturbed[kind] for kind in KINDS}
    print(machine())
    for kind, equal in same.items():
        verdict = "the same" if equal else "OTHERS"
        print(f"{kind}: {len(undisturbed[kind])} results, after the kills {verdict}")
    if not all(same.values()):
        sys.exit(1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=120, help="length of the film")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pack", action="append", default=[], help="pack to use")
    return parser.parse_args()


def found(
    data_dir: Path, film: Path, packs: Sequence[str], kills: Sequence[float]
) -> tuple[dict[str, list[Any]], float]:
    """All results of each kind, and the seconds that they took."""
    server = ServerProcess(data_dir, {"packs": [*packs]}, by_command=True).start()
    try:
        target = data_dir / "buckets" / "films" / "film.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(film.read_bytes())
        client = server.client()
        jobs = {
            kind: getattr(client, f"start_{kind}")(Video=VIDEO, **needs)["JobId"]
            for kind, (_, needs) in KINDS.items()
        }
        begun = time.perf_counter()
        for moment in kills:
            time.sleep(moment)
            say(f"killed while {states(server.client(), jobs)}")
            server.kill()
            server.start()
        results = {kind: wait_for(server.client(), kind, job) for kind, job in jobs.items()}
        return results, time.perf_counter() - begun
    finally:
        server.close()


def states(client: Any, jobs: dict[str, str]) -> str:
    return ", ".join(
        getattr(client, f"get_{kind}")(JobId=job)["JobStatus"] for kind, job in jobs.items()
    )


def wait_for(client: Any, kind: str, job: str) -> list[Any]:
    get, member = getattr(client, f"get_{kind}"), KINDS[kind][0]
    while (answer := get(JobId=job))["JobStatus"] == "IN_PROGRESS":
        time.sleep(0.2)
    if answer["JobStatus"] != "SUCCEEDED":
        raise RuntimeError(f"{kind}: {answer.get('StatusMessage')}")
    results = list(answer[member])
    while "NextToken" in answer:
        answer = get(JobId=job, NextToken=answer["NextToken"])
        results += answer[member]
    return results


if __name__ == "__main__":
    main()
