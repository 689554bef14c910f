"""`make soak`: does memory stay? Resident memory after many requests beside that after a few."""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from botocore.credentials import Credentials

from benchmarks import signed
from benchmarks.load import Load, Outcome, drive
from benchmarks.mixture import COLLECTION, EXPECTED, Mixture
from benchmarks.report import machine, say, table
from benchmarks.servers import LOOPBACK, Server, openrekog

CHUNK = 250
CLIENTS = 8
MOST_GROWTH = 1.10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--baseline", type=int, default=500, help="requests before the first look")
    parser.add_argument("--pack", action="append", default=[], help="packs of the server")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def send(server: Server, key: Credentials, mixture: Mixture, count: int) -> Outcome:
    asks = [signed.signed(server.address, key, *ask) for ask in mixture.draw(count)]
    return drive(Load(LOOPBACK, server.port, asks, CLIENTS))


def soak(
    server: Server, key: Credentials, mixture: Mixture, baseline: int, total: int
) -> tuple[dict[int, float], Counter[str]]:
    """Resident MiB by the number of requests before, and all answers."""
    memory: dict[int, float] = {}
    answers: Counter[str] = Counter()
    sent = 0
    while sent < total:
        goal = baseline if sent < baseline else total
        count = min(CHUNK, goal - sent)
        answers += send(server, key, mixture, count).answers
        sent += count
        if sent >= baseline:
            memory[sent] = server.rss_mib()
            say(f"{sent} requests: {memory[sent]:.0f} MiB")
    return memory, answers


def verdict(memory: dict[int, float], answers: Counter[str]) -> list[str]:
    """What is wrong; nothing if all is well."""
    first, *_, last = memory.values()
    faults = [f"{count} x {name}" for name, count in answers.items() if name not in EXPECTED]
    if last / first > MOST_GROWTH:
        faults.append(f"memory grew to {last / first:.2f} of what it was, over {MOST_GROWTH}")
    return faults


def report(memory: dict[int, float], answers: Counter[str]) -> str:
    (early, first), *_, (late, last) = memory.items()
    rows = [(early, first, 1.0), (late, last, last / first), ("highest", max(memory.values()), "")]
    return "\n\n".join(
        [
            machine(),
            table(("requests", "RSS MiB", "ratio"), rows),
            table(("answer", "times"), answers.most_common()),
        ]
    )


def main() -> None:
    given = arguments()
    mixture = Mixture.seeded(given.seed)
    with (
        tempfile.TemporaryDirectory(prefix="openrekog-soak-") as folder,
        openrekog(Path(folder), packs=given.pack) as (server, key),
    ):
        collection = {"CollectionId": COLLECTION}
        made = signed.signed(server.address, key, "CreateCollection", collection)
        drive(Load(LOOPBACK, server.port, [made], 1))
        memory, answers = soak(server, key, mixture, given.baseline, given.requests)
    print(report(memory, answers))
    if faults := verdict(memory, answers):
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
