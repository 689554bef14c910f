"""How well embeddings tell people apart, and what their similarities mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import LabelledFaces
from benchmarks.tables import percent, table
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.results import Face, Vectors

FOLDS = 10
SIMILARITIES = (80, 90, 99)
MATCH_RATES = (1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class Cosines:
    """Cosines of pairs of one person and of two."""

    same: NDArray[np.float64]
    different: NDArray[np.float64]


def measure_matching(data: LabelledFaces, analyzer: FaceAnalyzer) -> str:
    pairs = data.pairs()
    files = sorted({file for pair in pairs for file in (pair.file_a, pair.file_b)})
    vectors, lost = embed_subjects(data, analyzer, files)
    seen = [pair for pair in pairs if pair.file_a in vectors and pair.file_b in vectors]
    cosines = np.array([float(vectors[p.file_a] @ vectors[p.file_b]) for p in seen])
    same = np.array([pair.same for pair in seen])
    listed = Cosines(cosines[same], cosines[~same])
    every = _every_pair(vectors)
    accuracy, spread = _accuracy(cosines, same)
    return "\n\n".join(
        [
            f"{len(files)} pictures, {len(pairs)} listed pairs; no face found in {len(lost)}. "
            f"Accuracy {percent(accuracy)} ± {percent(spread)} ({FOLDS} folds, threshold from the "
            f"other nine), area under the curve {_area(listed):.5f}. All pairs of all pictures: "
            f"{len(every.same):,} of one person, {len(every.different):,} of two.",
            _rates(analyzer, listed, every),
            _anchors(analyzer, every),
        ]
    )


def embed_subjects(
    data: LabelledFaces, analyzer: FaceAnalyzer, files: Sequence[str]
) -> tuple[dict[str, Vectors], list[str]]:
    """The vector of each picture's subject, and the pictures without a face."""
    vectors, lost = {}, []
    for file in files:
        image = data.image(file)
        faces = analyzer.find(image)
        if faces:
            vectors[file] = analyzer.embed(image, [min(faces, key=_off_middle)])[0]
        else:
            lost.append(file)
    return vectors, lost


def _off_middle(face: Face) -> float:
    """The sets of labelled people are cut so that the person named stands in the middle."""
    box = face.box
    return abs(box.left + box.width / 2 - 0.5) + abs(box.top + box.height / 2 - 0.5)


def _every_pair(vectors: dict[str, Vectors]) -> Cosines:
    """Every picture against every other; a person is the folder that a picture lies in."""
    people = np.array([PurePath(file).parent.as_posix() for file in vectors])
    matrix = np.stack(list(vectors.values()))
    upper = np.triu_indices(len(people), 1)
    cosines = (matrix @ matrix.T)[upper].astype(np.float64)
    same = people[upper[0]] == people[upper[1]]
    return Cosines(cosines[same], cosines[~same])


def _accuracy(cosines: NDArray[np.float64], same: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean and standard deviation over folds that are tested at the others' best threshold."""
    folds = np.arange(len(cosines)) % FOLDS
    results = []
    for fold in range(FOLDS):
        rest, own = folds != fold, folds == fold
        cuts = np.unique(cosines[rest])
        right = [np.mean((cosines[rest] >= cut) == same[rest]) for cut in cuts]
        results.append(np.mean((cosines[own] >= cuts[int(np.argmax(right))]) == same[own]))
    return float(np.mean(results)), float(np.std(results))


def _area(cosines: Cosines) -> float:
    """The chance that a pair of one person has a higher cosine than a pair of two."""
    ordered = np.sort(cosines.different)
    return float(np.mean(np.searchsorted(ordered, cosines.same) / len(ordered)))


def _rates(analyzer: FaceAnalyzer, listed: Cosines, every: Cosines) -> str:
    rows = []
    for similarity in SIMILARITIES:
        cut = analyzer.cosine(similarity)
        rows.append(
            (
                similarity,
                f"{cut:.3f}",
                percent(float(np.mean(listed.different >= cut))),
                percent(float(np.mean(listed.same >= cut))),
                f"{np.mean(every.different >= cut):.1e}",
                percent(float(np.mean(every.same >= cut))),
            )
        )
    header = ("Similarity", "cosine", "false matches", "true matches")
    return table((*header, "false, all pairs", "true, all pairs"), rows)


def _anchors(analyzer: FaceAnalyzer, every: Cosines) -> str:
    """The impostor quantiles that a pack's similarity table is drawn through."""
    rows = []
    for rate in MATCH_RATES:
        # Below ten impostors a quantile says nothing.
        if rate * len(every.different) >= 10:
            cosine = float(np.quantile(every.different, 1 - rate))
            rows.append((f"{rate:.0e}", f"{cosine:.3f}", f"{analyzer.similarity(cosine):.1f}"))
    middle = float(np.median(every.same))
    rows.append(
        ("middle pair of one person", f"{middle:.3f}", f"{analyzer.similarity(middle):.1f}")
    )
    return table(("False match rate", "measured cosine", "Similarity given"), rows)
