"""What becomes of the lines of a bulk job: findings, and how far the job is with them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.collections_store.jobs import IMAGE_ANALYSIS
from openrekog.collections_store.records import Finding, Job
from openrekog.server.jobs.manifest import START, Line, Mark, source_ref

RESULT, FAILURE = "result", "failure"
"""The views of the two kinds of findings; `at` is the line's number."""

DEADLY = "The image ends the process that looks at it, whenever it is tried."


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the next part begins, and what became of the lines before it."""

    mark: Mark = START
    valid: int = 0
    invalid: int = 0
    careful: int = 0
    """Up to this line, lines are looked at one at a time: one of them ends processes."""

    @property
    def is_careful(self) -> bool:
        return self.mark.line < self.careful

    def pack(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def unpack(cls, carry: bytes | None) -> "Progress":
        if carry is None:
            return cls()
        told = orjson.loads(carry)
        return cls(Mark(**told.pop("mark")), **told)

    def after(self, mark: Mark, found: list[Finding]) -> "Progress":
        valid = sum(finding.view == RESULT for finding in found)
        return replace(
            self,
            mark=mark,
            valid=self.valid + valid,
            invalid=self.invalid + len(found) - valid,
        )


def failure(line: Line, ref: str | None, error: ApiError) -> Finding:
    """The element of the summary, whose `line-numer` AWS spells so."""
    element = {
        "line-numer": line.number,
        **({} if ref is None else {"source-ref": ref}),
        "code": error.code,
        "message": error.message or "",
    }
    return Finding(FAILURE, line.number, "", 0.0, orjson.dumps(element).decode())


def asked_by(job: Job, request: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The operation that a job is about, and its request but for the image."""
    if job.operation == IMAGE_ANALYSIS:
        return request["Operation"], request["Parameters"]
    ((name, config),) = request["OperationsConfig"].items()
    return name, config


def kebab_case(name: str) -> str:
    """As AWS writes detect-moderation-labels in the files of its jobs."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def deadly(line: Line) -> Finding:
    """Of a line that no process survives."""
    try:
        ref = source_ref(line.text)
    except ApiError as error:
        return failure(line, None, error)
    return failure(line, ref, errors.InvalidImageFormat(DEADLY))
