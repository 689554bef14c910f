"""The files that a bulk job leaves in its owner's bucket."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from openrekog.api_spec.shapes import S3Object
from openrekog.server.media.objects import ObjectStore

RESULTS = "results.jsonl"
SUMMARY = "summary.json"

EXPIRED = "The adapter has expired: the server runs other models than it was trained on."

# Written when the work begins, so that a bucket that takes nothing is not found out at its end.
ACCESS_CHECK = ".write_access_check"


def place_for(job_id: str, request: Mapping[str, Any], name: str) -> S3Object:
    """PREFIX/JOB_ID/NAME in the bucket of the request's OutputConfig."""
    config = request["OutputConfig"]
    prefix = config.get("S3KeyPrefix", "").rstrip("/")
    return {
        "Bucket": config["S3Bucket"],
        "Name": "/".join([*filter(None, [prefix]), job_id, name]),
    }


def write(objects: ObjectStore, place: S3Object, parts: Iterable[bytes]) -> None:
    """Collects the parts on the disk, since all of them may be more than the memory takes."""
    with tempfile.TemporaryFile() as file:
        file.writelines(parts)
        file.seek(0)
        objects.write(place["Bucket"], place["Name"], file)


def summary(valid: int, invalid: int, failures: Iterable[str]) -> Iterator[bytes]:
    """The manifest summary in parts; `failures` are JSON objects."""
    statistics = {
        "total-json-lines": valid + invalid,
        "valid-json-lines": valid,
        "invalid-json-lines": invalid,
    }
    yield b'{"version":"1.0","statistics":' + orjson.dumps(statistics) + b',"errors":['
    for number, failure in enumerate(failures):
        yield b"," * bool(number) + failure.encode()
    yield b"]}"
