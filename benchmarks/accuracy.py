"""Measures the models on labelled pictures and prints Markdown.

    python -m benchmarks.accuracy --data FOLDER [--write docs/accuracy.md] [--pack NAME ...]

docs/accuracy_data.md describes the folder; without one there is nothing to measure.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter

from benchmarks.face_attributes import measure_age_and_gender, measure_emotions
from benchmarks.face_finding import measure_finding
from benchmarks.face_matching import measure_matching
from benchmarks.labelled import LabelledFaces
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.loading.faces import load_face_analyzer
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings

DESCRIPTION = "docs/accuracy_data.md"

Measure = Callable[[LabelledFaces, FaceAnalyzer], str]

# What each part is called, the file that it needs, and how it is measured.
PARTS: Mapping[str, tuple[str, Measure]] = {
    "Finding faces": ("detection/*.xml", measure_finding),
    "Matching faces": ("lfw_pairs.csv", measure_matching),
    "Age and gender": ("utkface.csv", measure_age_and_gender),
    "Emotions": ("emotions.csv", measure_emotions),
}


def main() -> None:
    options = read_options()
    folder = None if options.data is None else options.data / "faces"
    if folder is None or not folder.is_dir():
        print(f"No labelled faces in {options.data or 'no folder'}: nothing was measured.")
        print(f"{DESCRIPTION} says what the folder given by --data (make: DATA=) holds.")
        return
    store = PackStore(Settings().models_dir)
    with Runtime(options.provider) as runtime:
        analyzer = load_face_analyzer(Opening.of(store, runtime, options.pack))
        text = "\n\n".join(report(LabelledFaces(folder), analyzer, runtime.providers[0])) + "\n"
    print(text, end="")
    if options.write is not None:
        options.write.write_text(text, encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the models on labelled pictures.")
    parser.add_argument("--data", type=Path, help="folder of labelled data")
    parser.add_argument("--write", type=Path, help="Markdown file to write besides printing")
    parser.add_argument("--pack", action="append", default=[], help="pack to use")
    parser.add_argument("--provider", action="append", default=[], help="execution provider")
    return parser.parse_args()


def report(data: LabelledFaces, analyzer: FaceAnalyzer, provider: str) -> Iterator[str]:
    yield "# Accuracy"
    yield (
        f"Printed by `make accuracy DATA=FOLDER` with the embeddings of {analyzer.model_name} "
        f"({analyzer.dimension} numbers) on {provider}, one thread. {Path(DESCRIPTION).name} "
        "describes the data."
    )
    for title, (needed, measure) in PARTS.items():
        yield f"## {title}"
        if not any(data.folder.glob(needed)):
            yield f"Not measured: the data has no faces/{needed}."
            continue
        start = perf_counter()
        yield measure(data, analyzer)
        yield f"{perf_counter() - start:.1f} s."


if __name__ == "__main__":
    main()
