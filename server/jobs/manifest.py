"""Manifests: JSON lines, each of which names an image in a bucket."""

import re
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import S3Object

# Bucket and key as the API's own S3Object has them.
SOURCE_REF = re.compile(r"s3://(?P<bucket>[0-9A-Za-z.\-_]{3,255})/(?P<key>.{1,1024})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank; `number` counts from 1, blank ones too."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a manifest was read: bytes and lines of it."""

    offset: int
    line: int


START = Mark(0, 0)


def read_lines(file: BinaryIO, mark: Mark, count: int) -> tuple[list[Line], Mark]:
    """The next lines, fewer than `count` only at the end, and where to go on."""
    file.seek(mark.offset)
    lines: list[Line] = []
    number = mark.line
    while len(lines) < count and (text := file.readline()):
        number += 1
        if not text.isspace():
            lines.append(Line(number, text))
    return lines, Mark(file.tell(), number)


def source_ref(text: bytes) -> str:
    """The image that a line names; raises InvalidManifest."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise errors.InvalidManifest("The line is not JSON.") from error
    if not isinstance(document, dict) or not isinstance(document.get("source-ref"), str):
        raise errors.InvalidManifest("The line has no source-ref.")
    found: str = document["source-ref"]
    return found


def place_of(ref: str) -> S3Object:
    """Raises InvalidManifest for a source-ref that is none."""
    match = SOURCE_REF.fullmatch(ref)
    if match is None:
        raise errors.InvalidManifest("The source-ref is not s3://BUCKET/KEY.")
    return {"Bucket": match["bucket"], "Name": match["key"]}
