"""Every operation of the API with its state, for the README: `python -m` prints it as Markdown."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from openrekog.api_spec.service import load_service
from openrekog.server import operations
from openrekog.server.operations.registry import find_handlers


@dataclass(frozen=True, slots=True)
class OperationState:
    name: str
    group: str
    summary: str
    available: bool


def operation_states() -> list[OperationState]:
    """All operations, by group and name."""
    handlers = find_handlers(operations)
    found = [
        OperationState(each.name, each.group, each.summary, each.name in handlers)
        for each in load_service().operations.values()
    ]
    return sorted(found, key=lambda state: (state.group, state.name))


def markdown() -> str:
    return "\n".join(lines())


def lines() -> Iterator[str]:
    states = operation_states()
    yield f"{sum(state.available for state in states)} of {len(states)} operations answer."
    for group, rows in groupby(states, key=lambda state: state.group):
        yield ""
        yield f"| {group} | State | What it does |"
        yield "|---|---|---|"
        for state in rows:
            word = "works" if state.available else "not yet"
            yield f"| {state.name} | {word} | {state.summary} |"


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
