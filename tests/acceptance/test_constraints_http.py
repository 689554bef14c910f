"""Every constraint of the service model, broken one by one over HTTP, for every operation."""

import http.client
import json
from collections.abc import Iterator

import pytest

from openrekog.api_spec.service import load_service
from tests.acceptance.servers import ServerProcess
from tests.constraint_cases import ConstraintCase, constraint_cases

OPERATIONS = load_service().operations


@pytest.fixture(scope="module")
def connection(server: ServerProcess) -> Iterator[http.client.HTTPConnection]:
    """One for all requests: a refused one must not cost the connection."""
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    kept.connect()
    first = kept.sock
    yield kept
    assert kept.sock is first
    kept.close()


def send(connection: http.client.HTTPConnection, case: ConstraintCase) -> tuple[int, str, str]:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{case.operation}",
    }
    connection.request("POST", "/", json.dumps(case.payload).encode(), headers)
    answer = connection.getresponse()
    error = json.loads(answer.read())
    text = error.get("message") or error.get("Message") or ""
    return answer.status, error.get("__type", ""), text


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_breach_is_refused(connection: http.client.HTTPConnection, name: str) -> None:
    wrong = [
        (case.message, found)
        for case in constraint_cases(OPERATIONS[name])
        if not matches(case, found := send(connection, case))
    ]
    assert wrong == []


def matches(case: ConstraintCase, found: tuple[int, str, str]) -> bool:
    status, code, message = found
    return (status, code) == (400, case.code) and case.message in message


def test_there_are_cases_for_every_operation_with_members() -> None:
    without = {name for name, one in OPERATIONS.items() if not any(constraint_cases(one))}
    assert without == set()
