"""What in a picture may need moderation: the models' words weighed by the table of the taxonomy,
and the findings in the API's words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from openrekog.api_spec.shapes import DetectModerationLabelsResponse, ModerationLabel
from openrekog.models.loaded import Models
from openrekog.models.results import DetectedObject, Image
from openrekog.server.analysis.taxonomy import By, Evidence, Node, taxonomy

MODEL_VERSION = "7.0"
"""The API's ModerationModelVersion: the version of AWS's taxonomy, whose names clients expect."""


DOUBTFUL = 20.0
"""Evidence of less Confidence is not worth a second look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A label of the taxonomy in a picture."""

    node: Node
    confidence: float


@dataclass(frozen=True, slots=True)
class Words:
    """What the models say of a picture, each 0..100 by name. Those that do not run are None."""

    classes: Mapping[str, float]
    objects: Mapping[str, float]
    nudity: float
    face: float
    """Width of the widest face in percent of the picture's, where a rule asks for it; else 0."""
    exposures: Mapping[str, float] | None
    concepts: Mapping[str, float] | None


SAYINGS: Mapping[By, Callable[[Words, Sequence[str]], float]] = {
    # A picture is of one class, so that chances add up; the others are there side by side.
    "classes": lambda words, names: _sum(words.classes, names),
    "objects": lambda words, names: _highest(words.objects, names),
    "nudity": lambda words, _names: words.nudity,
    "exposure": lambda words, names: _highest(words.exposures, names),
    "concepts": lambda words, names: _highest(words.concepts, names),
}


def moderate(models: Models, images: Sequence[Image]) -> list[list[Finding]]:
    """The labels of each image with all their parents, of any confidence above 0; the most
    confident first, and of equals the deepest."""
    return [weigh(words) for words in listen(models, images)]


def listen(models: Models, images: Sequence[Image]) -> list[Words]:
    """Each model is asked once, for all images."""
    classes = models.classes.classify(images)
    columns = zip(
        classes,
        map(_by_name, models.objects.detect(images)),
        models.nudity.classify(images),
        (_face(models, *each) for each in zip(images, classes, strict=True)),
        _exposures(models, images),
        _concepts(models, images),
        strict=True,
    )
    return [Words(*each) for each in columns]


def _face(models: Models, image: Image, classes: Mapping[str, float]) -> float:
    """Faces are looked for only where one could matter, which is on few pictures."""
    if not any(
        evidence.confidence(_sum(classes, evidence.names)) >= DOUBTFUL
        for node in taxonomy().nodes
        for evidence in node.evidence
        if evidence.by == "classes" and evidence.widest_face < 100
    ):
        return 0.0
    return 100 * max((face.box.width for face in models.faces.find(image)), default=0.0)


def _exposures(models: Models, images: Sequence[Image]) -> Sequence[Mapping[str, float] | None]:
    if models.exposures is None:
        return [None] * len(images)
    return [_by_name(found) for found in models.exposures.detect(images)]


def _concepts(models: Models, images: Sequence[Image]) -> Sequence[Mapping[str, float] | None]:
    if models.concepts is None:
        return [None] * len(images)
    prompts = taxonomy().prompts
    rows = models.concepts.score(images, prompts).tolist()
    return [dict(zip(prompts, row, strict=True)) for row in rows]


def weigh(words: Words) -> list[Finding]:
    return with_parents(own_confidences(words))


def own_confidences(words: Words) -> dict[Node, float]:
    """Of each label by what speaks for it alone, without those below it."""
    return {
        node: max((_confidence(each, words) for each in node.evidence), default=0.0)
        for node in taxonomy().nodes
    }


def with_parents(own: Mapping[Node, float]) -> list[Finding]:
    """A parent is at least as sure as the surest of its children."""
    table = taxonomy()
    surest: dict[Node, float] = {}
    for node, found in own.items():
        for above in table.ancestry(node):
            surest[above] = max(surest.get(above, 0.0), found)
    findings = [Finding(node, found) for node, found in surest.items() if found > 0]
    return sorted(findings, key=lambda finding: (-finding.confidence, -finding.node.level))


def _confidence(evidence: Evidence, words: Words) -> float:
    if words.nudity < evidence.least_nudity or words.face > evidence.widest_face:
        return 0.0
    most = 100.0 if words.exposures is None else evidence.alone
    said = SAYINGS[evidence.by](words, evidence.names)
    return min(most, evidence.confidence(said))


def _sum(chances: Mapping[str, float], names: Iterable[str]) -> float:
    return sum(chances.get(name, 0.0) for name in names)


def _highest(found: Mapping[str, float] | None, names: Iterable[str]) -> float:
    return max((found.get(name, 0.0) for name in names), default=0.0) if found else 0.0


def _by_name(objects: Iterable[DetectedObject]) -> dict[str, float]:
    """The confidence of the surest of each name."""
    surest: dict[str, float] = {}
    for each in objects:
        surest[each.name] = max(surest.get(each.name, 0.0), each.confidence)
    return surest


def moderation_labels(findings: Iterable[Finding], min_confidence: float) -> list[ModerationLabel]:
    return [
        {
            "Confidence": finding.confidence,
            "Name": finding.node.name,
            "ParentName": finding.node.parent,
            "TaxonomyLevel": finding.node.level,
        }
        for finding in findings
        if finding.confidence >= min_confidence
    ]


def report(findings: Iterable[Finding], min_confidence: float) -> DetectModerationLabelsResponse:
    return {
        "ModerationLabels": moderation_labels(findings, min_confidence),
        "ModerationModelVersion": MODEL_VERSION,
        "ContentTypes": [],  # no model tells drawings or games from photographs
    }
