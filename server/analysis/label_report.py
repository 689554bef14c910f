"""Labels in the API's words, and which of them a request wants."""

from collections.abc import Iterable, Mapping, Sequence

from openrekog.api_spec.shapes import DominantColor as DominantColorMember
from openrekog.api_spec.shapes import GeneralLabelsSettings, Instance
from openrekog.api_spec.shapes import Label as LabelMember
from openrekog.models.results import Box
from openrekog.models.vocabulary.labels import Label
from openrekog.server.analysis.faces import bounding_box
from openrekog.server.analysis.labels import FoundInstance, FoundLabel

# AWS's of today, because clients compare it.
LABEL_MODEL_VERSION = "3.0"

BoxColors = Mapping[Box, Sequence[DominantColorMember]]


def wanted(found: Iterable[FoundLabel], settings: GeneralLabelsSettings) -> list[FoundLabel]:
    """Where any filter includes, a label must be named by one, itself or its category; and no
    filter may exclude it."""
    including = (
        settings.get("LabelInclusionFilters", []),
        settings.get("LabelCategoryInclusionFilters", []),
    )
    excluding = (
        settings.get("LabelExclusionFilters", []),
        settings.get("LabelCategoryExclusionFilters", []),
    )
    return [
        each
        for each in found
        if (not any(including) or _named(each.label, *including))
        and not _named(each.label, *excluding)
    ]


def _named(label: Label, names: Sequence[str], categories: Sequence[str]) -> bool:
    return label.name in names or label.category in categories


def confident(found: Iterable[FoundLabel], least: float) -> list[FoundLabel]:
    """Labels of at least this confidence, with their instances of at least this confidence."""
    return [
        FoundLabel(
            each.label,
            each.confidence,
            tuple(instance for instance in each.instances if instance.confidence >= least),
        )
        for each in found
        if each.confidence >= least
    ]


def label_member(found: FoundLabel, colors: BoxColors | None = None) -> LabelMember:
    """`colors` are those of the boxes, where a request asks for image properties as well."""
    label = found.label
    return {
        "Name": label.name,
        "Confidence": found.confidence,
        "Instances": [instance_member(instance, colors) for instance in found.instances],
        "Parents": [{"Name": name} for name in label.ancestors],
        "Aliases": [{"Name": name} for name in label.aliases],
        "Categories": [{"Name": label.category}],
    }


def instance_member(instance: FoundInstance, colors: BoxColors | None) -> Instance:
    member: Instance = {
        "BoundingBox": bounding_box(instance.box),
        "Confidence": instance.confidence,
    }
    if colors is not None:
        member["DominantColors"] = list(colors[instance.box])
    return member
