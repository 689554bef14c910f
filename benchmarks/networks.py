"""Every default network alone, on one thread: milliseconds an item by batch size, on each provider
that this installation of onnxruntime has, and how far the providers' answers lie apart.

    python -m benchmarks.networks --models-dir ~/.cache/openrekog/models

Prints a Markdown table. A provider that is no part of the usual installation, such as OpenVINO, is
measured in an environment of its own that has the package `onnxruntime-openvino`.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import onnxruntime as ort

from openrekog.models.batching import BatchPolicy
from openrekog.models.pack import packs
from openrekog.models.providers import BUILDS, ORT_NAMES
from openrekog.models.runtime import Runtime
from openrekog.models.session import Array, Feeds, Session
from openrekog.models.store import PackStore

BATCHES = (1, 2, 4, 8)

# A window of the detectors; the other networks have fixed sizes.
FREE_SIDE = 640


@dataclass(slots=True)
class Timing:
    """One network on one provider."""

    session: Session
    best: dict[int, float] = field(default_factory=dict)
    outputs: list[Array] = field(default_factory=list)

    def run(self, batch: int, seed: int = 0) -> None:
        feeds = pixels(self.session, batch, seed)
        if batch not in self.best:
            self.outputs = self.session.run(feeds)  # the first call of a shape sets memory aside
        started = time.perf_counter()
        self.session.run(feeds)
        spent = (time.perf_counter() - started) / batch
        self.best[batch] = min(spent, self.best.get(batch, spent))

    def batches(self) -> tuple[int, ...]:
        first = next(iter(self.session.inputs.values()))[0]
        return (first,) if isinstance(first, int) else BATCHES


def pixels(session: Session, batch: int, seed: int) -> Feeds:
    """Numbers like those of a picture: all networks take them, in their own scale."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.random((batch, *_sides(shape[1:])), np.float32)
        for name, shape in session.inputs.items()
    }


def _sides(shape: Sequence[int | str | None]) -> list[int]:
    return [side if isinstance(side, int) else FREE_SIDE for side in shape]


def difference(ours: Sequence[Array], theirs: Sequence[Array]) -> float:
    """The largest; where an output has numbers above one, as a share of the largest."""
    return max(
        float(np.abs(one - other).max() / max(np.abs(one).max(), 1))
        for one, other in zip(ours, theirs, strict=True)
    )


def networks(models_dir: Path) -> Iterator[tuple[str, Path]]:
    store = PackStore(models_dir)
    for pack in packs().values():
        for file in pack.files if pack.default else ():
            if file.name.endswith(".onnx"):
                yield f"{pack.name}/{Path(file.name).stem}", store.path(pack, file.name)


def present() -> list[str]:
    """The CPU first: the others are compared with it."""
    available = ort.get_available_providers()
    return ["cpu", *(name for name in ORT_NAMES if name != "cpu" and ORT_NAMES[name] in available)]


def measure(path: Path, runtimes: dict[str, Runtime], repeats: int) -> dict[str, Timing]:
    """Interleaved, so that what else the machine does falls on all alike."""
    timings = {name: Timing(runtime.load(path)) for name, runtime in runtimes.items()}
    for batch in next(iter(timings.values())).batches():
        for _ in range(repeats):
            for timing in timings.values():
                timing.run(batch)
    return timings


def row(name: str, provider: str, timing: Timing, cpu: Timing) -> str:
    apart = "" if timing is cpu else f"{difference(cpu.outputs, timing.outputs):.0e}"
    times = [
        f"{1000 * timing.best[batch]:.2f}" if batch in timing.best else "" for batch in BATCHES
    ]
    return f"| {name} | {provider} | {' | '.join(times)} | {apart} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--models-dir", type=Path, default=Path("~/.cache/openrekog/models"))
    options.add_argument("--repeats", type=int, default=15)
    chosen = options.parse_args()
    builds = [f"{name} {found.version}" for name in BUILDS for found in distributions(name=name)]
    print(f"{', '.join(builds)}; one thread, best of {chosen.repeats}, ms an item\n")
    print(
        "| network | provider | " + " | ".join(f"batch {size}" for size in BATCHES) + " | apart |"
    )
    print("|---|---|" + "---:|" * (len(BATCHES) + 1))
    runtimes = {name: Runtime([name], batch_policy=BatchPolicy(1)) for name in present()}
    for name, path in networks(chosen.models_dir.expanduser()):
        timings = measure(path, runtimes, chosen.repeats)
        for provider, timing in timings.items():
            print(row(name, provider, timing, timings["cpu"]), flush=True)
    for runtime in runtimes.values():
        runtime.close()


if __name__ == "__main__":
    main()
