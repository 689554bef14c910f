"""Reads the manifests that CreateProjectVersion names, once, into rows of their own."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from openrekog.api_spec.errors import ApiError
from openrekog.collections_store.records import DatasetType, NewTrainingImage
from openrekog.server.analysis.manifests.lines import read_document, read_source_ref
from openrekog.server.analysis.manifests.messages import LineRefused
from openrekog.server.analysis.manifests.reading import lines_of
from openrekog.server.jobs.training.task import TrainingFailedError
from openrekog.server.media.objects import ObjectStore, StoredObject, Unreachable

MIB = 1024 * 1024

# As of datasets. AWS takes 250,000 lines and 1 GB.
MOST_LINES = 20_000
MOST_BYTES = 64 * MIB

# AWS's messages for manifest files that end a training; they have no codes.
INACCESSIBLE = "The manifest file extension or contents are invalid."
EMPTY = "The manifest file is empty."
TOO_LARGE = "The manifest file size exceeds the maximum supported size."
TOO_MANY_ROWS = "The manifest file has too many rows."

Sources = dict[DatasetType, list[NewTrainingImage]]

PARTS: tuple[tuple[str, DatasetType], ...] = (("TrainingData", "TRAIN"), ("TestingData", "TEST"))


def read_sources(objects: ObjectStore, request: dict[str, Any]) -> Sources:
    """The lines of each part's manifest; raises TrainingFailedError, or Unreachable."""
    return {
        part: list(_numbered(_lines(objects, asset["GroundTruthManifest"]["S3Object"])))
        for member, part in PARTS
        for asset in request.get(member, {}).get("Assets", ())[:1]
    }


def _lines(objects: ObjectStore, place: dict[str, str]) -> list[bytes]:
    found = _opened(objects, place)
    with closing(found.file) as file:
        if found.size > MOST_BYTES:
            raise TrainingFailedError(TOO_LARGE)
        lines = [line for line in islice(lines_of(file), MOST_LINES) if line.strip()]
        if file.read(1):
            raise TrainingFailedError(TOO_MANY_ROWS)
    if not lines:
        raise TrainingFailedError(EMPTY)
    return lines


def _opened(objects: ObjectStore, place: dict[str, str]) -> StoredObject:
    try:
        return objects.open(place["Bucket"], place["Name"], place.get("Version"))
    except Unreachable:
        raise
    except ApiError as error:
        where = f"s3://{place['Bucket']}/{place['Name']}"
        raise TrainingFailedError(f"{INACCESSIBLE} There is no {where} to read.") from error


def _numbered(lines: Iterable[bytes]) -> Iterator[NewTrainingImage]:
    """Of two lines of one image the first counts."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        ref = _source_ref(line)
        if not ref or ref not in seen:
            seen.add(ref)
            yield NewTrainingImage(number, ref, _text(line), usable=bool(ref))


def _source_ref(line: bytes) -> str:
    """Empty where a line names no image; why is told later, beside all else that is wrong."""
    try:
        return read_source_ref(read_document(line))
    except LineRefused:
        return ""


def _text(line: bytes) -> str:
    # NUL is what PostgreSQL does not store, and neither it nor the rest of this is JSON.
    return line.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}").strip()
