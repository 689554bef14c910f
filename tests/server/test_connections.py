"""Bodies and connections on a real socket: long, slow, broken off, in chunks, asked for before."""

import contextlib
import http.client
import time
from collections.abc import Iterator

import pytest

from openrekog.server.processes.protocol import HeadBoundedProtocol
from tests.server.conftest import RunningApi, StartApi, running_apis
from tests.server.described import DESCRIBED, TEAM, chunked, describe, wait_until


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_apis(tmp_path_factory.mktemp("api")) as start:
        yield start({"DescribeCollection": describe}, max_body_bytes=256 * 1024)


def test_a_long_body_is_refused_unread(api: RunningApi) -> None:
    answer = api.call("DescribeCollection", b" " * 300_000)
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")
    with api.connect() as line:
        line.sendall(
            b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        head = line.recv(4096)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()


@pytest.mark.parametrize("size", [300_000, 10_000_000], ids=["dropped", "never read"])
def test_a_client_that_asks_before_it_sends_is_refused_at_once(api: RunningApi, size: int) -> None:
    """As curl does with more than a megabyte."""
    with api.connect() as line:
        line.sendall(
            b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % size
        )
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(api: RunningApi) -> None:
    with api.connect() as line:
        line.sendall(
            b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(TEAM)
        )
        assert line.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(TEAM)
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_body_in_chunks(api: RunningApi) -> None:
    assert chunked(api, [TEAM[:5], TEAM[5:]]).startswith(b"HTTP/1.1 200 ")
    assert chunked(api, [b" " * 100_000] * 3).startswith(b"HTTP/1.1 413 ")


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
WISHING = (
    b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    + H2C
    + b"Content-Length: %d\r\n\r\n%s" % (len(TEAM), TEAM)
)
LAST = (
    b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(TEAM), TEAM)
)


@pytest.mark.parametrize("pieces", [1, 2, 40])
def test_a_wish_for_another_protocol_is_ignored(api: RunningApi, pieces: int) -> None:
    """As Java's HttpClient sends it; the body must not be lost, nor what comes after it."""
    sent = WISHING * 3 + LAST
    step = -(-len(sent) // pieces)
    with api.connect() as line:
        for start in range(0, len(sent), step):
            line.sendall(sent[start : start + step])
            time.sleep(0.002)
        answers = b"".join(iter(lambda: line.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 ") == answers.count(b'"FaceCount":3') == 4


def test_a_tunnel_is_refused(api: RunningApi) -> None:
    with api.connect() as line:
        line.sendall(b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n" + H2C + b"\r\n")
        assert line.recv(4096)[:10] in (b"HTTP/1.1 4", b"")
    assert api.call("DescribeCollection", TEAM).json == DESCRIBED


def test_a_slow_body_is_given_up(start_api: StartApi) -> None:
    api = start_api({"DescribeCollection": describe}, body_timeout=0.2)
    with api.connect() as line:
        line.sendall(
            b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        head = line.recv(4096)
        assert line.recv(4096) == b""
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b'"__type":"RequestTimeoutException"' in head


def test_a_client_that_hangs_up_harms_nobody(api: RunningApi) -> None:
    for _ in range(5):
        with api.connect() as line:
            line.sendall(
                b"POST /DescribeCollection HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + b" " * 50_000
            )
    assert api.call("DescribeCollection", TEAM).json == DESCRIBED
    wait_until(lambda: api.api.limits.budget.used == 0)


def test_endless_headers_are_cut_off(api: RunningApi) -> None:
    with api.connect() as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-More: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                line.sendall(b"a" * 10_000)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(4096)[:13] in (b"HTTP/1.1 431 ", b"")
    assert api.call("DescribeCollection", TEAM).json == DESCRIBED


@pytest.mark.parametrize("sent", [b"", b"POST / HTT", b"POST / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_never_ends_is_given_up(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(HeadBoundedProtocol, "head_seconds", 0.2)
    api = start_api({"DescribeCollection": describe})
    with api.connect() as line:
        line.sendall(sent)
        assert line.recv(4096) == b""
    assert api.call("DescribeCollection", TEAM).json == DESCRIBED


def test_one_connection_serves_many_requests(api: RunningApi) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    headers = {"content-type": "application/json"}
    with contextlib.closing(connection):
        for size in (0, 200_000, 0, 300_000, 100_000, 0):
            connection.request("POST", "/DescribeCollection", TEAM + b" " * size, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (413 if size == 300_000 else 200)
