"""Manifests of moderation adapters: each line tells which labels of moderation an image has; none
means that it is safe. The format is that of AWS's page on manifest files of adapters."""

from typing import Any

from pydantic import Field, ValidationError

from openrekog.server.analysis.manifests.annotations import LONGEST_LABEL, Name, Part
from openrekog.server.analysis.manifests.entries import ManifestEntry
from openrekog.server.analysis.manifests.lines import read_document, read_source_ref

GROUND_TRUTH = "content-moderation-groundtruth"


class ModerationLabel(Part):
    name: Name = Field(alias="Name", min_length=1, max_length=LONGEST_LABEL)


class ModerationTruth(Part):
    labels: list[ModerationLabel] = Field(alias="ModerationLabels")


def parse_adapter_line(text: bytes) -> ManifestEntry:
    """Raises LineRefused for a line that is not JSON or names no image."""
    document = read_document(text)
    entry = ManifestEntry(read_source_ref(document), document)
    if GROUND_TRUTH not in document:
        _refuse(entry, "ERROR_NO_LABEL_ATTRIBUTES")
    else:
        _read(entry, document[GROUND_TRUTH])
    return entry


def _read(entry: ManifestEntry, value: Any) -> None:
    try:
        truth = ModerationTruth.model_validate(value)
    except ValidationError:
        _refuse(entry, "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT")
        return
    entry.labels = list(dict.fromkeys(label.name for label in truth.labels))


def _refuse(entry: ManifestEntry, code: str) -> None:
    entry.note(code, name=GROUND_TRUTH)
    entry.usable = False
