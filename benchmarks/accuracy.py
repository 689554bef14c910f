"""Measures the models on labelled pictures and prints Markdown.

    python -m benchmarks.accuracy --data FOLDER [--write docs/accuracy.md] [--pack NAME ...]

docs/accuracy_data.md describes the folder; without one there is nothing to measure.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.parts import PARTS
from openrekog.models.loaded import Models
from openrekog.models.loading import load_models
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings

DESCRIPTION = "docs/accuracy_data.md"


def main() -> None:
    options = read_options()
    if options.data is None or not options.data.is_dir():
        print(f"No labelled data in {options.data or 'no folder'}: nothing was measured.")
        print(f"{DESCRIPTION} says what the folder given by --data (make: DATA=) holds.")
        return
    store = PackStore(Settings().models_dir)
    with Runtime(options.provider) as runtime:
        models = load_models(Opening.of(store, runtime, options.pack))
        sections = report(options.data, models, runtime.providers[0], options.part or list(PARTS))
        text = "\n\n".join(sections) + "\n"
    print(text, end="")
    if options.write is not None:
        options.write.write_text(text, encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the models on labelled pictures.")
    parser.add_argument("--data", type=Path, help="folder of labelled data")
    parser.add_argument("--write", type=Path, help="Markdown file to write besides printing")
    parser.add_argument("--part", action="append", choices=PARTS, help="part to measure: all")
    parser.add_argument("--pack", action="append", default=[], help="pack to use")
    parser.add_argument("--provider", action="append", default=[], help="execution provider")
    return parser.parse_args()


def report(folder: Path, models: Models, provider: str, titles: list[str]) -> Iterator[str]:
    yield "# Accuracy"
    yield (
        f"Printed by `make accuracy DATA=FOLDER` with the embeddings of {models.faces.model_name} "
        f"({models.faces.dimension} numbers) on {provider}, one thread. {Path(DESCRIPTION).name} "
        "describes the data."
    )
    for title in titles:
        part = PARTS[title]
        yield f"## {title}"
        if not any(folder.glob(part.needed)):
            yield f"Not measured: the data has no {part.needed}."
            continue
        start = perf_counter()
        yield part.measure(folder, models)
        yield f"{perf_counter() - start:.1f} s."


if __name__ == "__main__":
    main()
