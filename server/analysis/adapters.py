"""Moderation adapters: what is said of pictures, corrected by what the adapter was taught.

The rule: the adapter moves the log odds of the labels that it knows, up or down, as far as a
picture is like those that it was taught; of a picture that is like none of them all stays as it
was. A label that it lowers limits those below it that it does not know, and a parent is, as ever,
at least as sure as the surest of its children.
"""

from collections.abc import Iterator, Mapping, Sequence

from openrekog.models.custom.adapter import Adapter, open_adapter, pulled
from openrekog.models.custom.adapter_learner import AdapterLearner, Base
from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.model_file import read
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.server.analysis.moderation import (
    Finding,
    listen,
    moderate,
    own_confidences,
    with_parents,
)
from openrekog.server.analysis.taxonomy import Node, taxonomy


class AdaptedModeration:
    """A `CustomModel` of the labels that an adapter knows; and all findings, as of `moderate`."""

    def __init__(self, adapter: Adapter, models: Models) -> None:
        self.labels = adapter.labels
        self._adapter = adapter
        self._models = models

    def moderate(self, images: Sequence[Image]) -> list[list[Finding]]:
        words, pulls = listen(self._models, images), self._adapter.pulls(images)
        return [
            adapted(own_confidences(each), pull) for each, pull in zip(words, pulls, strict=True)
        ]

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        return [list(self._known(findings)) for findings in self.moderate(images)]

    def _known(self, findings: Sequence[Finding]) -> Iterator[CustomLabel]:
        for finding in findings:
            if finding.node.name in self.labels:
                yield CustomLabel(finding.node.name, finding.confidence)


def open_adapted_moderation(content: bytes, models: Models, runtime: Runtime) -> AdaptedModeration:
    """Raises ModelFileError, or OtherFeaturesError."""
    return AdaptedModeration(open_adapter(read(content), models, runtime), models)


def adapter_learner(models: Models) -> AdapterLearner:
    def confidences(image: Image) -> Mapping[str, float]:
        (findings,) = moderate(models, [image])
        return {finding.node.name: finding.confidence for finding in findings}

    table = taxonomy()
    above = {node.name: [each.name for each in table.ancestry(node)] for node in table.nodes}
    return AdapterLearner(models.features, Base(list(table.by_name), above, confidences))


def adapted(own: Mapping[Node, float], pulls: Mapping[str, float]) -> list[Finding]:
    """Of confidences that each label has for itself, with what is added to the log odds of some."""
    said = {finding.node: finding.confidence for finding in with_parents(own)}
    corrected = {
        node: pulled(said.get(node, 0.0), pulls[node.name]) for node in own if node.name in pulls
    }
    return with_parents({node: _limited(node, own[node], corrected) for node in own})


def _limited(node: Node, own: float, corrected: Mapping[Node, float]) -> float:
    """By the nearest label above it, or itself, that the adapter knows."""
    nearest = next((above for above in taxonomy().ancestry(node) if above in corrected), None)
    if nearest is None:
        return own
    return corrected[node] if nearest == node else min(own, corrected[nearest])
