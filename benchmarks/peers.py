"""The same work by DeepFace's API."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import deepface, gallery, pictures, signed
from benchmarks.bare import Models
from benchmarks.cases import VARIANTS, Case, Payload, cases, gallery_id
from benchmarks.measure import Contender, Pace, always, clients_of, in_turns
from benchmarks.report import ANSWER, Report, answer_cells, table
from benchmarks.servers import Server, openrekog
from benchmarks.speed import CLIENTS, Bench, models_here

STORED = 10_000
TIMES_DEEPFACE = 4

COUNTERPARTS: Mapping[str, tuple[str, Callable[[bytes], Payload]]] = {
    "CompareFaces": ("/verify", deepface.verify),
    "SearchFacesByImage": ("/represent", deepface.represent),
}
"""DeepFace's path and payload for the same work."""


def measure_peers(result: Report, pace: Pace) -> None:
    with tempfile.TemporaryDirectory(prefix="openrekog-bench-") as name, models_here() as services:
        folder = Path(name)
        gallery.fill(folder, gallery_id(STORED), STORED, services.models.faces)
        with (
            openrekog(folder) as (ours, key),
            deepface.deepface(folder / "deepface.log") as theirs,
        ):
            bench = Bench(ours, key, Models(services.models, services.images))
            rows: list[Sequence[object]] = []
            for case in cases([STORED]):
                if case.operation in COUNTERPARTS:
                    rows += measure_pair(result, case, bench, theirs, pace)
    result.add(
        "Beside DeepFace's API",
        "250x250 portraits. DeepFace runs two gunicorn workers with MTCNN and dlib's ResNet. Its "
        "/represent finds and embeds faces; SearchFacesByImage does that and searches.",
        table(("request", "server", *ANSWER, "RSS MiB"), rows),
    )


def measure_pair(
    result: Report, case: Case, bench: Bench, theirs: Server, pace: Pace
) -> list[Sequence[object]]:
    path, payload = COUNTERPARTS[case.operation]
    asks = [
        signed.plain(theirs.address, path, payload(data))
        for data in pictures.variants(case.picture, VARIANTS)
    ]
    contenders: dict[tuple[str, int], Contender] = {}
    for clients in CLIENTS:
        ours = clients_of(bench.server, bench.requests(case), clients)
        contenders["openrekog", clients] = ours
        contenders["DeepFace", clients] = clients_of(theirs, always(asks), clients)
    runs = in_turns(contenders, pace)
    for clients in CLIENTS:
        ratio = runs["openrekog", clients].rate / runs["DeepFace", clients].rate
        name = f"{case.operation}: times DeepFace {path}, {clients} clients"
        result.at_least(name, ratio, TIMES_DEEPFACE)
    memory = {"openrekog": round(bench.server.rss_mib()), "DeepFace": round(theirs.rss_mib())}
    asked = {"openrekog": case.operation, "DeepFace": path}
    return [
        (asked[label], label, *answer_cells(clients, run), memory[label])
        for (label, clients), run in runs.items()
    ]
