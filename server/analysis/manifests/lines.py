"""Manifests of Custom Labels: a line of JSON for each image, with its labels or labelled boxes.

A line that names no image is refused; of any other, what is wrong is written into it as AWS does,
as `cl-errors` and `warnings` beside what they are about."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from openrekog.server.analysis.manifests.annotations import CLASSIFICATION, DETECTION, METADATA
from openrekog.server.analysis.manifests.boxes import read_boxes
from openrekog.server.analysis.manifests.entries import Attribute, ManifestEntry
from openrekog.server.analysis.manifests.labels import read_label
from openrekog.server.analysis.manifests.messages import LineRefused

MOST_CHARACTERS = 100_000
"""Of a line: the model's DatasetEntry."""

DEEPEST = 100
"""Of lists and objects in each other; what annotations need is five."""

# Bucket and key as the API's own S3Object has them, but no NUL, which PostgreSQL does not store.
SOURCE_REF = re.compile(r"s3://(?P<bucket>[0-9A-Za-z.\-_]{3,255})/(?P<key>[^\0]{1,1024})")

OURS = ("cl-metadata", "cl-errors", "warnings")
"""What is added to lines; in a line that comes back it is left out and made anew."""


def parse_line(text: bytes) -> ManifestEntry:
    """Raises LineRefused for a line that is not JSON or names no image."""
    document = read_document(text)
    source_ref = read_source_ref(document)
    entry = ManifestEntry(source_ref, document)
    attributes = list(_attributes(document))
    for attribute in attributes:
        _read(entry, attribute)
    _judge(entry, attributes)
    document["cl-metadata"] = {"is_labeled": bool(entry.labels or entry.boxes)}
    return entry


def read_document(text: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(text) if len(text.decode()) <= MOST_CHARACTERS else None
    except ValueError as error:
        raise LineRefused("ERROR_INVALID_JSON_LINE") from error
    if not isinstance(document, dict):
        raise LineRefused("ERROR_INVALID_JSON_LINE")
    return {key: _without_ours(part) for key, part in document.items() if key not in OURS}


def _without_ours(value: Any, depth: int = 1) -> Any:
    """What a client sends back as it listed it must not be reproached with its old faults."""
    if depth > DEEPEST:
        raise LineRefused("ERROR_INVALID_JSON_LINE")
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key not in OURS}
        return {key: _without_ours(part, depth + 1) for key, part in kept.items()}
    if isinstance(value, list):
        return [_without_ours(part, depth + 1) for part in value]
    return value


def read_source_ref(document: Mapping[str, Any]) -> str:
    found = document.get("source-ref")
    if found is None:
        raise LineRefused("ERROR_MISSING_SOURCE_REF")
    if not isinstance(found, str) or SOURCE_REF.fullmatch(found) is None:
        raise LineRefused("ERROR_INVALID_SOURCE_REF_FORMAT")
    return found


def _attributes(document: Mapping[str, Any]) -> Iterator[Attribute]:
    for name, value in document.items():
        if name != "source-ref" and name + METADATA in document:
            yield Attribute(name, value, document[name + METADATA])


def _read(entry: ManifestEntry, attribute: Attribute) -> None:
    if not isinstance(attribute.metadata, dict):
        entry.note("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT")
        return
    kind = attribute.metadata.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        entry.note("ERROR_UNSUPPORTED_USE_CASE_TYPE", attribute.metadata, attribute.name)
        return
    reader(entry, attribute)


def _judge(entry: ManifestEntry, attributes: list[Attribute]) -> None:
    """What is to be said of the line as a whole."""
    if entry.labels or entry.boxes:
        return
    entry.usable = not entry.faulty
    if attributes:
        code = "ERROR_NO_VALID_LABEL_ATTRIBUTES" if entry.faulty else "WARNING_NO_ANNOTATIONS"
    elif entry.document.keys() == {"source-ref"}:
        code = "WARNING_UNANNOTATED_RECORD"
    else:
        code, entry.usable = "ERROR_NO_LABEL_ATTRIBUTES", False
    entry.note(code)


READERS: Mapping[str, Callable[[ManifestEntry, Attribute], None]] = {
    CLASSIFICATION: read_label,
    DETECTION: read_boxes,
}
