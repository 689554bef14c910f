"""Lines of a dataset for pictures that are imported."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from openrekog.collections_store.records import NewEntry
from openrekog.models.results import Box
from openrekog.server.analysis.manifests.annotations import CLASSIFICATION, DETECTION, METADATA
from openrekog.server.datasets.layouts import Sample

ATTRIBUTES: Mapping[bool, tuple[str, str]] = {
    False: ("label", CLASSIFICATION),
    True: ("bounding-box", DETECTION),
}
JOB = "openrekog-import"


def manifest_line(sample: Sample, ref: str, width: int, height: int) -> bytes:
    """A line of a manifest, the same at each import: it is dated as the picture is."""
    dated = datetime.fromtimestamp(int(sample.path.stat().st_mtime), UTC).replace(tzinfo=None)
    attribute, kind = ATTRIBUTES[sample.located]
    common = {
        "type": kind,
        "human-annotated": "yes",
        "creation-date": dated.isoformat(),
        "job-name": JOB,
    }
    line: dict[str, Any] = {"source-ref": ref}
    if sample.located:
        value, metadata = _boxes(sample, width, height)
        line |= {attribute: value, attribute + METADATA: metadata | common}
    for number, label in enumerate(() if sample.located else sample.truth):
        metadata = {"class-name": label.name, "confidence": 1, **common}
        line |= {f"{attribute}-{number}": 1, f"{attribute}-{number}{METADATA}": metadata}
    return orjson.dumps(line)


def _boxes(sample: Sample, width: int, height: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The value of the attribute, and what is special to boxes in its metadata."""
    names = list(dict.fromkeys(label.name for label in sample.truth))
    boxes = [(names.index(label.name), label.box) for label in sample.truth if label.box]
    value = {
        "image_size": [{"width": width, "height": height, "depth": 3}],
        "annotations": [
            {"class_id": number, **_pixels(box, width, height)} for number, box in boxes
        ],
    }
    metadata = {
        "objects": [{"confidence": 1}] * len(boxes),
        "class-map": {str(number): name for number, name in enumerate(names)},
    }
    return value, metadata


def _pixels(box: Box, width: int, height: int) -> dict[str, int]:
    left, top = round(box.left * width), round(box.top * height)
    right, bottom = round((box.left + box.width) * width), round((box.top + box.height) * height)
    return {"left": left, "top": top, "width": right - left, "height": bottom - top}


def codes_in(entry: NewEntry) -> Iterator[str]:
    """Of the faults that are noted anywhere in the entry."""
    if entry.faulty:
        yield from sorted(set(_codes(orjson.loads(entry.document))))


def _codes(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _codes(part)
    elif isinstance(value, dict):
        yield from (note["code"] for note in value.get("cl-errors", ()))
        for part in value.values():
            yield from _codes(part)
