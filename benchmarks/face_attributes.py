"""How right age, gender and emotions are."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from benchmarks.labelled import LabelledFaces
from benchmarks.tables import percent, table
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.results import Face, FaceAttributes

ADULT = 16

# The data's words for emotions in the API's; what has no counterpart there is left out.
EMOTIONS = {
    "anger": "ANGRY",
    "disgust": "DISGUSTED",
    "fear": "FEAR",
    "happiness": "HAPPY",
    "neutral": "CALM",
    "sadness": "SAD",
    "surprise": "SURPRISED",
}


def measure_age_and_gender(data: LabelledFaces, analyzer: FaceAnalyzer) -> str:
    labels = data.ages()
    ages, errors, inside, right = [], [], [], []
    for label in labels:
        known = _largest(analyzer.find(data.image(label.file), {"AGE_RANGE", "GENDER"}))
        if known is None or known.age_low is None or known.age_high is None:
            continue
        ages.append(label.age)
        errors.append((known.age_low + known.age_high) / 2 - label.age)
        inside.append(known.age_low <= label.age <= known.age_high)
        right.append(known.gender is not None and known.gender.value == label.gender)
    age, error, hit, gender = map(np.array, (ages, errors, inside, right))
    summary = (
        f"{len(labels)} portraits, no face found in {len(labels) - len(ages)}. Mean error of the "
        f"middle of AgeRange {np.abs(error).mean():.2f} years (bias {error.mean():+.2f}), in range "
        f"{percent(hit.mean(), 1)}. Gender right {percent(gender[age >= ADULT].mean(), 1)} from "
        f"{ADULT} years on, {percent(gender.mean(), 1)} with children."
    )
    rows = []
    for decade in sorted(set(age // 10)):
        own = age // 10 == decade
        rows.append(
            (
                f"{10 * decade} to {10 * decade + 9}",
                int(own.sum()),
                f"{np.abs(error[own]).mean():.1f}",
                f"{error[own].mean():+.1f}",
                percent(gender[own].mean(), 0),
            )
        )
    return f"{summary}\n\n{table(('Age', 'faces', 'error', 'bias', 'gender right'), rows)}"


def measure_emotions(data: LabelledFaces, analyzer: FaceAnalyzer) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for label in data.expressions():
        known = _largest(analyzer.find(data.image(label.file), {"EMOTIONS"}))
        if label.emotion in EMOTIONS and known is not None and known.emotions is not None:
            counts[
                EMOTIONS[label.emotion], max(known.emotions, key=known.emotions.__getitem__)
            ] += 1
    names = sorted(EMOTIONS.values())
    rows = []
    for name in names:
        row = [counts[name, other] for other in names]
        rows.append((name, *row, percent(counts[name, name] / max(sum(row), 1), 0)))
    shown = [n for n in names if n != "DISGUSTED"]
    summary = (
        f"{counts.total()} faces with noisy labels: {percent(_share(counts, names), 1)} right, "
        f"{percent(_share(counts, shown), 1)} without those labelled as disgust."
    )
    return f"{summary}\n\n{table(('labelled', *names, 'right'), rows)}"


def _share(counts: Counter[tuple[str, str]], names: Iterable[str]) -> float:
    own = [(label, found) for label, found in counts if label in set(names)]
    right = sum(counts[pair] for pair in own if pair[0] == pair[1])
    return right / max(sum(counts[pair] for pair in own), 1)


def _largest(faces: list[Face]) -> FaceAttributes | None:
    return faces[0].attributes if faces else None
