"""The server through HTTP with few and many clients, beside its bare models."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.credentials import Credentials

from benchmarks import bare, gallery, pictures, signed
from benchmarks.cases import INDEXED, Case, cases, custom_case, gallery_id
from benchmarks.hosted import Hosted, host
from benchmarks.measure import Contender, Pace, Requests, Run, clients_of, in_turns
from benchmarks.report import ANSWER, Report, answer_cells, say, table
from benchmarks.servers import Server, in_processes, openrekog
from openrekog.server.commands.messages import read_settings
from openrekog.server.context import Services
from openrekog.server.services import open_services

CLIENTS = (1, 4, 16)

# More than a server of ours answers in a second; what is never repeated is made beforehand.
MOST_A_SECOND = 150

SECONDS_TO_READY = 10


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with its galleries, and the same models in this process."""

    server: Server
    key: Credentials
    models: bare.Models
    hosted: Hosted | None = None

    def requests(self, case: Case) -> Requests:
        return lambda seconds: [
            signed.signed(self.server.address, self.key, case.operation, payload)
            for payload in case.payloads(int(MOST_A_SECOND * seconds) + CLIENTS[-1])
        ]


@contextmanager
def models_here() -> Iterator[Services]:
    with tempfile.TemporaryDirectory(prefix="openrekog-bare-") as folder:
        services = open_services(read_settings(data_dir=folder))
        try:
            yield services
        finally:
            services.close()


@contextmanager
def opened(sizes: Sequence[int], processes: int) -> Iterator[Bench]:
    with (
        tempfile.TemporaryDirectory(prefix="openrekog-bench-") as name,
        models_here() as services,
    ):
        folder = Path(name)
        for size in sizes:
            seconds = gallery.fill(folder, gallery_id(size), size, services.models.faces)
            say(f"{size:,} faces stored in {seconds:.1f} s")
        gallery.fill(folder, INDEXED, 0, services.models.faces)
        hosted = host(folder, services)
        with openrekog(folder, settings=in_processes(processes)) as (server, key):
            yield Bench(server, key, bare.Models(services.models, services.images), hosted)


def measure_speed(
    result: Report, pace: Pace, sizes: Sequence[int], only: str, processes: int
) -> None:
    with opened(sizes, processes) as bench:
        ready = f"seconds until ready, {sum(sizes):,} faces stored"
        result.at_most(ready, bench.server.ready_seconds, SECONDS_TO_READY)
        rows: list[Sequence[object]] = []
        for case in all_cases(bench, sizes):
            if only.lower() in case.name.lower():
                rows += measure_case(result, case, bench, pace)
    result.add(
        "Through HTTP, and by the bare models",
        "The bare models do the same work (decode the picture, ask the same networks) in as many "
        f"threads as there are cores, with no server around them. Pictures: {sizes_text()}. "
        f"The server runs in {processes} processes. "
        "CPU ms is the server's time for one request, load ms that of the clients, which is taken "
        "from the same cores while the bare models have all of them; RSS is the server's memory "
        "after the case.",
        table(("request", "picture", *ANSWER, "of bare", "RSS MiB"), rows),
    )


def all_cases(bench: Bench, sizes: Sequence[int]) -> list[Case]:
    custom = [] if bench.hosted is None else [custom_case(bench.hosted)]
    return [*cases(sizes), *custom]


def measure_case(result: Report, case: Case, bench: Bench, pace: Pace) -> list[Sequence[object]]:
    runs = in_turns(contenders(case, bench), pace)
    alone, one, most = runs.pop("bare"), runs[str(CLIENTS[0])], runs[str(CLIENTS[-1])]
    name = f"{case.name}, {case.picture}"
    say(f"{name}: bare {alone.rate:.1f}/s, {CLIENTS[-1]} clients {most.rate:.1f}/s")
    if case.mostly_models:
        ratio = most.rate / alone.rate
        result.at_least(f"{name}: {CLIENTS[-1]} clients / bare models", ratio, 0.85)
    result.at_least(f"{name}: {CLIENTS[-1]} clients / one client", most.rate / one.rate, 1.0)
    if case.least_a_second is not None:
        result.at_least(f"{name}: requests/s", most.rate, case.least_a_second)
    memory = round(bench.server.rss_mib())
    return [
        (case.name, case.picture, *answer_cells("bare", alone), "", ""),
        *(
            (case.name, case.picture, *answer_cells(clients, run), run.rate / alone.rate, memory)
            for clients, run in runs.items()
        ),
    ]


def contenders(case: Case, bench: Bench) -> dict[str, Contender]:
    work, seen, cores = case.work(bench.models), case.pictures(), os.cpu_count() or 1
    return {
        "bare": lambda seconds: Run(*bare.run(work, seen, cores, seconds)),
        **{
            str(clients): clients_of(bench.server, bench.requests(case), clients)
            for clients in CLIENTS
        },
    }


def sizes_text() -> str:
    return ", ".join(f"{name} {width}x{height}" for name, (width, height) in pictures.SIZES.items())
