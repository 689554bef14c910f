"""How often RecognizeCelebrities names the right person, a wrong one, or a stranger."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from benchmarks.face_matching import embed_subjects
from benchmarks.labelled import LabelledFaces
from benchmarks.tables import percent, table
from openrekog.collections_store.records import Celebrity, CelebrityDetails, CelebrityMatch
from openrekog.collections_store.vectors import pooled
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.results import Vectors
from openrekog.server.analysis.celebrities import margin_of, sure
from openrekog.server.settings import Settings

DRAWS = 40
CONFIDENCES = (80.0, 90.0, 95.0, 98.0, 99.0, 99.5)
GALLERIES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Probe:
    """A face, who it is, or None for a stranger to the gallery, and the two nearest people."""

    person: str | None
    nearest: Sequence[CelebrityMatch]


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares: of faces of people in the gallery right and wrong, of strangers named."""

    right: float
    wrong: float
    strangers: float


def measure_celebrities(data: LabelledFaces, analyzer: FaceAnalyzer) -> str:
    files = sorted({file for pair in data.pairs() for file in (pair.file_a, pair.file_b)})
    vectors, _ = embed_subjects(data, analyzer, files)
    people: dict[str, list[Vectors]] = defaultdict(list)
    for file, vector in vectors.items():
        people[PurePath(file).parent.name].append(vector)
    size = len(people) // 2
    probes = list(draws(people, size))
    default: float = Settings.model_fields["celebrity_match_confidence"].default
    strangers = sum(probe.person is None for probe in probes)
    return "\n\n".join(
        [
            f"{DRAWS} draws of {size} of {len(people)} people into a gallery, with half of their "
            f"pictures or their only one; {len(probes) - strangers:,} faces of their other "
            f"pictures and {strangers:,} of the other people, who are strangers. A face is named "
            f"from MatchConfidence {default:g} on, if the second person stays behind by "
            f"{margin_of(analyzer):.3f} in the cosine.",
            _by_confidence(analyzer, probes),
            _by_size(analyzer, people, default),
        ]
    )


def draws(people: Mapping[str, list[Vectors]], size: int) -> Iterator[Probe]:
    """The same each time."""
    names = sorted(people)
    for draw in range(DRAWS):
        random = np.random.default_rng(draw)
        order = [names[number] for number in random.permutation(len(names))]
        # Strangers are the same half for every size of the gallery.
        inside, outside = order[:size], order[len(names) // 2 :]
        gallery, rest = [], []
        for name in inside:
            own = [people[name][number] for number in random.permutation(len(people[name]))]
            shown = max(1, len(own) // 2)
            gallery.append(pooled(own[:shown]))
            rest += [(name, vector) for vector in own[shown:]]
        matrix = np.stack(gallery)
        for name, vector in rest:
            yield Probe(name, _nearest(matrix @ vector, inside))
        for name in outside:
            for vector in people[name]:
                yield Probe(None, _nearest(matrix @ vector, inside))


def _nearest(cosines: Vectors, names: Sequence[str]) -> list[CelebrityMatch]:
    return [
        CelebrityMatch(
            Celebrity(names[place], CelebrityDetails(names[place]), 0.0), float(cosines[place])
        )
        for place in np.argsort(-cosines)[:2]
    ]


def rates(probes: Sequence[Probe], floor: float, margin: float) -> Rates:
    named = [
        (probe.person, best.celebrity.celebrity_id)
        for probe in probes
        if (best := sure(probe.nearest, floor, margin)) is not None
    ]
    strangers = sum(probe.person is None for probe in probes)
    known = len(probes) - strangers
    right = sum(person == name for person, name in named)
    unknown = sum(person is None for person, _ in named)
    return Rates(
        right / max(known, 1),
        (len(named) - right - unknown) / max(known, 1),
        unknown / max(strangers, 1),
    )


def _by_confidence(analyzer: FaceAnalyzer, probes: Sequence[Probe]) -> str:
    rows = []
    for confidence in CONFIDENCES:
        floor = analyzer.cosine(confidence)
        found = rates(probes, floor, margin_of(analyzer))
        bare = rates(probes, floor, 0.0)
        rows.append(
            (f"{confidence:g}", f"{floor:.3f}", *_cells(found), f"{1000 * bare.strangers:.2f}")
        )
    return table(("least MatchConfidence", "cosine", *HEADER, "without the margin"), rows)


def _by_size(analyzer: FaceAnalyzer, people: Mapping[str, list[Vectors]], confidence: float) -> str:
    rows = []
    for size in GALLERIES:
        if size <= len(people) // 2:
            probes = list(draws(people, size))
            found = rates(probes, analyzer.cosine(confidence), margin_of(analyzer))
            rows.append((size, *_cells(found)))
    return table((f"people in the gallery, at {confidence:g}", *HEADER), rows)


HEADER = ("right", "wrong per 1,000", "strangers named per 1,000")


def _cells(found: Rates) -> tuple[str, str, str]:
    return percent(found.right), f"{1000 * found.wrong:.2f}", f"{1000 * found.strangers:.2f}"
