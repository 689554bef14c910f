"""The request path on a real socket: doors, order of faults, admission."""

import re
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog

from openrekog.server.access.auth import Authenticator
from openrekog.server.access.keys import KeysFile, generate_key
from tests.server.conftest import AWS_JSON, RunningApi, StartApi, running_apis
from tests.server.described import DESCRIBED, TEAM, chunked, describe, wait_until


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_apis(tmp_path_factory.mktemp("api")) as start:
        yield start({"DescribeCollection": describe}, max_body_bytes=256 * 1024)


def test_both_doors_lead_to_one_handler(api: RunningApi) -> None:
    sdk, plain = api.call("DescribeCollection", TEAM), api.plain("DescribeCollection", TEAM)
    assert sdk.json == plain.json == DESCRIBED
    assert (sdk.status, plain.status) == (200, 200)
    assert sdk.headers["content-type"] == AWS_JSON
    assert plain.headers["content-type"] == "application/json"


def test_headers_of_an_answer(api: RunningApi) -> None:
    headers = api.call("DescribeCollection", TEAM).headers
    assert uuid.UUID(headers["x-amzn-requestid"]).version == 4
    assert headers["content-length"] == "29"
    assert headers["date"].endswith(" GMT")
    parts = re.findall(r"(\w+);dur=[\d.]+", headers["server-timing"])
    assert parts == ["queue", "auth", "parse", "decode", "model", "handler", "encode"]
    assert "server" not in headers


def test_the_path_does_not_route_sdk_calls(api: RunningApi) -> None:
    headers = {"content-type": AWS_JSON, "x-amz-target": "RekognitionService.DescribeCollection"}
    assert api.request("POST", "/some/prefix?x=y", TEAM, headers).json == DESCRIBED


@pytest.mark.parametrize("target", ["", "RekognitionService.", "RekognitionService.Nope", "Nope"])
def test_unknown_target(api: RunningApi, target: str) -> None:
    headers = {"content-type": AWS_JSON, "x-amz-target": target}
    answer = api.request("POST", "/", b"{}", headers)
    assert (answer.status, answer.json) == (400, {"__type": "UnknownOperationException"})


def test_who_writes_requests_by_hand_is_told_more(api: RunningApi) -> None:
    unknown, garbage = api.plain("describecollection"), api.plain("DescribeCollection", b"x")
    assert unknown.json["message"].startswith("There is no such operation")
    assert garbage.json["Message"].startswith("The body must be a JSON object")


def test_another_services_target_is_unknown(api: RunningApi) -> None:
    headers = {"content-type": AWS_JSON, "x-amz-target": "Kinesis_2013.DescribeCollection"}
    assert api.request("POST", "/", TEAM, headers).code == "UnknownOperationException"


def test_what_is_not_available_yet_says_so_after_all_checks(api: RunningApi) -> None:
    answer = api.call("DeleteCollection", TEAM)
    assert answer.status == 400
    assert answer.json == {
        "__type": "UnknownOperationException",
        "message": "DeleteCollection is not available yet in openrekog.",
    }
    assert api.call("DeleteCollection", b"{}").code == "ValidationException"


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status", "body"),
    [
        ("GET", "/DetectFaces", None, 403, b"Unable to determine service/operation name"),
        ("PUT", "/", AWS_JSON, 403, b"Unable to determine service/operation name"),
        ("DELETE", "/", AWS_JSON, 403, b"Unable to determine service/operation name"),
        ("OPTIONS", "/", AWS_JSON, 403, b"Unable to determine service/operation name"),
        ("POST", "/", "application/json", 404, b"com.amazon.coral.service#UnknownOperation"),
        ("POST", "/", "text/plain", 404, b"<UnknownOperationException/>"),
        ("POST", "/", None, 404, b"<UnknownOperationException/>"),
        ("POST", "/DetectFaces", "text/plain", 415, b"Send Content-Type: application/json"),
    ],
)
def test_what_is_no_api_call(
    api: RunningApi, method: str, path: str, content_type: str | None, status: int, body: bytes
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = api.request(method, path, b"{}", headers)
    assert answer.status == status
    assert body in answer.body
    assert "x-amzn-requestid" in answer.headers


@pytest.mark.parametrize("path", ["/", "/docs/"])
def test_a_browser_is_led_to_the_docs_page(api: RunningApi, path: str) -> None:
    answer = api.request("GET", path)
    assert (answer.status, answer.headers["location"]) == (307, "/docs")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{", b"{}x", b'{"a":NaN}', b"\xff\xfe", b"[" * 5000, b'{"a"}'],
    ids=lambda body: repr(body[:8]),
)
def test_body_that_is_no_json_object(api: RunningApi, body: bytes) -> None:
    answer = api.call("DescribeCollection", body)
    assert (answer.status, answer.json) == (400, {"__type": "SerializationException"})


def test_a_wrong_type_is_a_fault_of_serialization(api: RunningApi) -> None:
    answer = api.call("DescribeCollection", b'{"CollectionId": []}')
    assert answer.code == "SerializationException"
    assert answer.json["Message"]


@pytest.fixture(scope="module")
def closed_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("closed")
    KeysFile(folder / "keys.json").add(generate_key("123456789012"))
    with running_apis(folder) as start:
        yield start({"DescribeCollection": describe}, max_body_bytes=256 * 1024)


FAULTY = b'{"CollectionId": []}'


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("Nope", b"{", "SerializationException"),
        ("Nope", b"{}", "UnknownOperationException"),
        ("DescribeCollection", FAULTY, "MissingAuthenticationTokenException"),
        ("DescribeCollection", TEAM, "MissingAuthenticationTokenException"),
        ("DeleteCollection", TEAM, "MissingAuthenticationTokenException"),
    ],
    ids=["json", "operation", "types after auth", "auth", "availability after auth"],
)
def test_order_of_faults(closed_api: RunningApi, operation: str, body: bytes, code: str) -> None:
    assert closed_api.call(operation, body).code == code


def test_strangers_do_not_make_us_parse_much(closed_api: RunningApi) -> None:
    answer = closed_api.call("Nope", b"{" + b" " * 70_000)
    assert answer.code == "MissingAuthenticationTokenException"
    assert b"MissingAuthenticationTokenException" in chunked(closed_api, [b"{", b" " * 70_000])
    assert b"SerializationException" in chunked(closed_api, [b"{", b" " * 60_000])


def test_more_than_may_wait_is_refused_at_once(start_api: StartApi) -> None:
    release = threading.Event()

    def slow(context: Any, request: Any) -> dict[str, Any]:
        release.wait(20)
        return {}

    api = start_api({"DescribeCollection": slow}, threads=1, max_queued=2)
    with ThreadPoolExecutor(3) as clients:
        waiting = [clients.submit(api.call, "DescribeCollection", TEAM) for _ in range(3)]
        wait_until(lambda: api.api.workers.admitted == 3)
        assert (api.api.workers.running, api.api.workers.queued) == (1, 2)
        answer = api.call("DescribeCollection", TEAM)
        assert (answer.status, answer.code) == (400, "ProvisionedThroughputExceededException")
        assert not any(future.done() for future in waiting)
        release.set()
        assert [future.result().status for future in waiting] == [200, 200, 200]
    assert api.call("DescribeCollection", TEAM).status == 200


def test_bodies_in_memory_are_bounded(start_api: StartApi) -> None:
    api = start_api({"DescribeCollection": describe}, max_pending=100_000)
    assert api.call("DescribeCollection", TEAM + b" " * 90_000).status == 200
    answer = api.call("DescribeCollection", TEAM + b" " * 110_000)
    assert answer.code == "ProvisionedThroughputExceededException"
    assert api.api.limits.budget.used == 0


def test_rate_limit(start_api: StartApi) -> None:
    api = start_api({"DescribeCollection": describe}, rates={"DescribeCollection": 0.01})
    assert api.call("DescribeCollection", TEAM).status == 200
    answer = api.call("DescribeCollection", TEAM)
    assert (answer.status, answer.code) == (400, "ThrottlingException")
    assert answer.json["Message"] == "Slow down; sudden increase in rate of requests."


def test_the_unexpected_is_logged_and_tells_nothing(start_api: StartApi) -> None:
    def broken(context: Any, request: Any) -> dict[str, Any]:
        raise RuntimeError("the secret is 42")

    api = start_api({"DescribeCollection": broken})
    with structlog.testing.capture_logs() as lines:
        answer = api.call("DescribeCollection", TEAM)
        wait_until(lambda: any(line["event"] == "request" for line in lines))
    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert answer.json["Message"] == "Internal server error"
    assert answer.json["Logref"] == answer.headers["x-amzn-requestid"]
    assert b"secret" not in answer.body
    logged = next(line for line in lines if line["event"] == "unexpected error")
    assert logged["request_id"] == answer.headers["x-amzn-requestid"]
    assert str(logged["exc_info"]) == "the secret is 42"


def test_the_unexpected_before_the_body_is_answered_too(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim(*_: Any) -> Any:
        raise ZeroDivisionError

    api = start_api({})
    monkeypatch.setattr(Authenticator, "claim", claim)
    with structlog.testing.capture_logs() as logged:
        answer = api.call("DescribeCollection", TEAM)
    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert any(isinstance(line.get("exc_info"), ZeroDivisionError) for line in logged)


def test_what_a_shutdown_cuts_off_is_told(tmp_path: Path) -> None:
    over = threading.Event()

    def endless(context: Any, request: Any) -> dict[str, Any]:
        over.wait(20)
        return DESCRIBED

    with ThreadPoolExecutor(1) as pool, running_apis(tmp_path) as start:
        api = start({"DescribeCollection": endless}, shutdown_timeout=1)
        waiting = pool.submit(api.call, "DescribeCollection", TEAM)
        waiting.add_done_callback(lambda _: over.set())
        wait_until(lambda: api.api.workers.running == 1)
    answer = waiting.result()
    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert "shut down" in answer.json["Message"]


def test_an_answer_that_the_model_does_not_know_is_our_fault(start_api: StartApi) -> None:
    api = start_api({"DescribeCollection": lambda context, request: {"Nope": 1}})
    assert api.call("DescribeCollection", TEAM).code == "InternalServerError"


@pytest.mark.parametrize(
    ("allowed", "origin", "status"),
    [
        ((), "http://localhost:3000", 200),
        ((), "http://127.0.0.1", 200),
        ((), "http://[::1]:8080", 200),
        ((), "http://localhost.evil.example", 403),
        ((), "https://evil.example", 403),
        ((), "null", 403),
        (("*",), "https://app.example", 200),
        (("https://app.example",), "https://app.example", 200),
        (("https://app.example",), "https://other.example", 403),
    ],
)
def test_web_pages(start_api: StartApi, allowed: tuple[str, ...], origin: str, status: int) -> None:
    api = start_api({"DescribeCollection": describe}, origins=allowed)
    answer = api.call("DescribeCollection", TEAM, origin=origin)
    preflight = api.request(
        "OPTIONS",
        "/",
        headers={"origin": origin, "access-control-request-headers": "x-amz-target,content-type"},
    )
    assert (answer.status, preflight.status) == (status, status)
    if status == 200:
        assert answer.headers["access-control-allow-origin"] == origin
        assert "x-amzn-RequestId" in answer.headers["access-control-expose-headers"]
        assert preflight.headers["access-control-allow-headers"] == "x-amz-target,content-type"
    else:
        assert "access-control-allow-origin" not in answer.headers


COUNTED = 'openrekog_requests_total{code="%s",operation="%s"} %s\n'


def test_metrics_name_the_operation_of_what_was_refused_unread(start_api: StartApi) -> None:
    api = start_api({}, max_body_bytes=1024)
    assert api.plain("DescribeCollection", b" " * 2000).status == 413
    counted = COUNTED % ("RequestEntityTooLargeException", "DescribeCollection", "1.0")
    wait_until(lambda: counted in api.api.metrics.render().decode())


def test_metrics_count_by_operation_and_code(start_api: StartApi) -> None:
    api = start_api({"DescribeCollection": describe})
    for body in (TEAM, TEAM, b"{}"):
        api.call("DescribeCollection", body)
    api.call("Nope" * 9)
    # A request is counted after its answer has gone out.
    last = COUNTED % ("UnknownOperationException", "-", "1.0")
    wait_until(lambda: last in api.api.metrics.render().decode())
    text = api.api.metrics.render().decode()
    assert COUNTED % ("OK", "DescribeCollection", "2.0") in text
    assert COUNTED % ("ValidationException", "DescribeCollection", "1.0") in text
