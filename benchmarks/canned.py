"""What the API itself costs: the fake pack beside moto's fixed answers."""

import tempfile
from pathlib import Path

from benchmarks import pictures, signed
from benchmarks.cases import VARIANTS, compare
from benchmarks.measure import Contender, Pace, always, clients_of, in_turns
from benchmarks.report import ANSWER, Report, answer_cells, table
from benchmarks.servers import in_processes, moto, openrekog
from benchmarks.speed import CLIENTS

LEAST_A_SECOND = 500
TIMES_MOTO = 2


def measure_canned(result: Report, pace: Pace, processes: int) -> None:
    payloads = [compare(data) for data in pictures.variants("tiny", VARIANTS)]
    contenders: dict[tuple[str, int], Contender] = {}
    with (
        tempfile.TemporaryDirectory(prefix="openrekog-bench-") as name,
        openrekog(Path(name), packs=["fake"], settings=in_processes(processes)) as (ours, key),
        moto(Path(name)) as theirs,
    ):
        for clients in CLIENTS:
            for label, server in (("openrekog", ours), ("moto", theirs)):
                asks = [
                    signed.signed(server.address, key, "CompareFaces", payload)
                    for payload in payloads
                ]
                contenders[label, clients] = clients_of(server, always(asks), clients)
        runs = in_turns(contenders, pace)
    most = runs["openrekog", CLIENTS[-1]].rate
    result.at_least("canned CompareFaces: requests/s", most, LEAST_A_SECOND)
    for clients in CLIENTS:
        ratio = runs["openrekog", clients].rate / runs["moto", clients].rate
        result.at_least(f"canned CompareFaces: times moto, {clients} clients", ratio, TIMES_MOTO)
    result.add(
        "The API alone, beside moto",
        f"CompareFaces with 96x96 pictures. openrekog runs its fake pack in {processes} processes: "
        "it verifies the "
        "signature, validates, decodes both pictures and makes numbers of their pixels. moto does "
        "none of these and returns a fixed answer.",
        table(
            ("server", *ANSWER),
            [(label, *answer_cells(clients, run)) for (label, clients), run in runs.items()],
        ),
    )
