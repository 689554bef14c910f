"""What no client should send. After each of these the server answers a good request."""

import contextlib
import errno
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import psutil
import pytest

from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess

AWS_JSON = "application/x-amz-json-1.1"
SMALL_LIMIT = 256 * 1024


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """With limits that a test can reach in a second."""
    server = ServerProcess(
        tmp_path_factory.mktemp("hostile") / "data",
        {"packs": ["fake"], "max_body_bytes": SMALL_LIMIT, "body_timeout": 1.0},
    ).start()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def still_answers(hardened: ServerProcess) -> Iterator[None]:
    yield
    client = hardened.client()
    [face] = client.detect_faces(Image={"Bytes": person(1)})["FaceDetails"]
    assert face["Confidence"] > 99
    assert "unexpected error" not in hardened.log.read_text()


def post(
    server: ServerProcess,
    body: bytes,
    target: str | None = "RekognitionService.CreateCollection",
    path: str = "/",
    **more: str,
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": AWS_JSON, **more}
    if target is not None:
        headers["X-Amz-Target"] = target
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        error = orjson.loads(text) if text.startswith(b"{") else {"text": text.decode()}
        return answer.status, error


BAD_JSON: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"CollectionId"',
    "number": b"5",
    "cut off": b'{"CollectionId": "a',
    "two": b'{"CollectionId": "a"}{"CollectionId": "b"}',
    "trailing": b'{"CollectionId": "a"},',
    "comment": b'{"CollectionId": "a" /* why */}',
    "single quotes": b"{'CollectionId': 'a'}",
    "nan": b'{"CollectionId": NaN}',
    "infinity": b'{"CollectionId": Infinity}',
    "bad utf-8": b'{"CollectionId": "\xff\xfe"}',
    "lone surrogate": b'{"CollectionId": "\\ud800"}',
    "utf-16": '{"CollectionId": "a"}'.encode("utf-16"),
    "nested lists": b'{"CollectionId": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "open lists": b"[" * 200_000,
    "xml": b"<CollectionId>a</CollectionId>",
    "form": b"CollectionId=a",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
def test_bodies_that_are_no_json_object(hardened: ServerProcess, body: bytes) -> None:
    status, error = post(hardened, body)
    assert (status, error["__type"]) == (400, "SerializationException")


NUMBERS: dict[str, bytes] = {
    "huge": b"9" * 400,
    "tiny": b"-" + b"9" * 400,
    "32 bits": b"2147483648",
    "64 bits": b"9223372036854775808",
    "exponent": b"1e999",
    "fraction": b"1.5",
    "text": b'"5"',
    "list": b"[5]",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_are_none(hardened: ServerProcess, number: bytes) -> None:
    body = b'{"MaxResults": ' + number + b"}"
    status, error = post(hardened, body, "RekognitionService.ListCollections")
    assert (status, error["__type"]) == (400, "SerializationException")


def test_unknown_members_are_ignored(hardened: ServerProcess) -> None:
    body = orjson.dumps({"MaxResults": 5, "Unknown": {"deep": [1, 2]}, "__type": "x", "": None})
    status, answer = post(hardened, body, "RekognitionService.ListCollections")
    assert (status, answer["CollectionIds"]) == (200, [])


def test_a_member_that_comes_twice(hardened: ServerProcess) -> None:
    body = b'{"MaxResults": 5, "MaxResults": 6}'
    status, _ = post(hardened, body, "RekognitionService.ListCollections")
    assert status == 200


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "ListCollections",
        "RekognitionService.",
        "RekognitionService.Nothing",
        "RekognitionService.listcollections",
        "DynamoDB_20120810.ListTables",
        "RekognitionService.ListCollections.More",
        "RekognitionService.__init__",
        "x" * 5000,
    ],
)
def test_targets_that_do_not_exist(hardened: ServerProcess, target: str | None) -> None:
    status, error = post(hardened, b"{}", target)
    assert (status, error["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("text/plain", 404), ("application/xml", 404), ("multipart/form-data", 404), ("", 404)],
)
def test_content_types_that_are_wrong(
    hardened: ServerProcess, content_type: str, status: int
) -> None:
    found, error = post(hardened, b"{}", **{"Content-Type": content_type})
    assert found == status
    assert "UnknownOperationException" in str(error)


@pytest.mark.parametrize("content_type", [f"{AWS_JSON}; charset=utf-8", AWS_JSON.upper()])
def test_content_types_that_are_right(hardened: ServerProcess, content_type: str) -> None:
    status, _ = post(
        hardened, b"{}", "RekognitionService.ListCollections", **{"Content-Type": content_type}
    )
    assert status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "NONSENSE"])
def test_methods_that_are_wrong(hardened: ServerProcess, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hardened.port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, "/ListCollections", b"{}", {"Content-Type": AWS_JSON})
        assert 400 <= connection.getresponse().status < 500


@pytest.mark.parametrize(
    "path", ["/..", "/../../etc/passwd", "/%2e%2e", "//", "/a/b", "/%00", "/☃"]
)
def test_paths_that_lead_nowhere(hardened: ServerProcess, path: str) -> None:
    quoted = path.encode().decode("latin-1").replace("☃", "%E2%98%83")
    request = f"GET {quoted} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
    status = int(raw(hardened, request).split()[1])
    assert 300 <= status < 500


def raw(server: ServerProcess, data: bytes, last: bool = False) -> bytes:
    """What comes back on a bare connection until the server closes it; `last` says that no more
    will be sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(data)
            if last:
                connection.shutdown(socket.SHUT_WR)
            return read_all(connection)
        except OSError as error:
            # The server has closed the connection while there was still more to send.
            if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):
                raise
            return b""


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


HEAD = (
    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {AWS_JSON}\r\n"
    "X-Amz-Target: RekognitionService.ListCollections\r\n"
).encode()

GARBAGE: dict[str, bytes] = {
    "no http": b"hello\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(5000),
    "bad version": b"POST / HTTP/9.9\r\n\r\n",
    "no host": b"POST / HTTP/1.1\r\n\r\n",
    "bad header": HEAD + b"no colon here\r\n\r\n",
    "bad length": HEAD + b"Content-Length: many\r\n\r\n{}",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 4000000\r\n\r\n{}",
    "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "huge chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 32 + b"\r\n{}",
    "long line": b"POST /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
    "long header": HEAD + b"X-Long: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "many headers": HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(50_000)) + b"\r\n",
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_on_the_wire(hardened: ServerProcess, data: bytes) -> None:
    """Refused or cut off: never a success, never an internal error."""
    answer = raw(hardened, data, last=True)
    status = answer.split(b" ", 2)[1:2]
    assert status in ([], [b"400"], [b"403"], [b"404"], [b"413"], [b"431"]), answer[:200]


class TestBodies:
    def test_over_the_limit(self, hardened: ServerProcess) -> None:
        status, error = post(hardened, b"{" + b" " * SMALL_LIMIT + b"}")
        assert (status, error["__type"]) == (413, "RequestEntityTooLargeException")

    def test_over_the_limit_by_its_own_words(self, hardened: ServerProcess) -> None:
        """Refused before a byte of it is sent."""
        head = HEAD + b"Content-Length: 99999999999\r\n\r\n"
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", hardened.port), timeout=10) as connection:
            connection.sendall(head)
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 413")
        assert time.monotonic() - started < 5

    def test_chunks_over_the_limit(self, hardened: ServerProcess) -> None:
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        head = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert raw(hardened, head + chunk * 8 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")

    def test_chunks(self, hardened: ServerProcess) -> None:
        data = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        answer = raw(hardened, data + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")

    def test_too_slow(self, hardened: ServerProcess) -> None:
        with socket.create_connection(("127.0.0.1", hardened.port), timeout=10) as connection:
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
            answer = b""
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                for _ in range(30):
                    connection.sendall(b" ")
                    time.sleep(0.1)
                    connection.settimeout(0.01)
                    with contextlib.suppress(TimeoutError):
                        answer = connection.recv(4096)
                    if answer:
                        break
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"RequestTimeoutException" in answer

    def test_cut_off(self, hardened: ServerProcess) -> None:
        for sent in (b"", b"{", b'{"MaxResults"'):
            with socket.create_connection(("127.0.0.1", hardened.port)) as connection:
                connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + sent)

    def test_a_client_that_does_not_wait(self, hardened: ServerProcess) -> None:
        body = orjson.dumps({"MaxResults": 5})
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", hardened.port)) as connection:
                connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def test_several_requests_at_once_on_one_connection(self, hardened: ServerProcess) -> None:
        one = HEAD + b"Content-Length: 2\r\n\r\n{}"
        last = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
        answer = raw(hardened, one * 9 + last)
        assert answer.count(b"HTTP/1.1 200") == 10

    def test_many_idle_connections(self, hardened: ServerProcess) -> None:
        with contextlib.ExitStack() as held:
            for _ in range(300):
                address = ("127.0.0.1", hardened.port)
                connection = held.enter_context(socket.create_connection(address))
                connection.sendall(HEAD[:40])
            status, _ = post(hardened, b"{}", "RekognitionService.ListCollections")
            assert status == 200


def test_bombs_do_not_fill_the_memory(hardened: ServerProcess) -> None:
    """Nested and wide JSON up to the limit, from several clients at once."""
    assert hardened.process is not None
    process = psutil.Process(hardened.process.pid)
    before = process.memory_info().rss
    wide = b'{"Tags": {' + b",".join(b'"%d": 1' % n for n in range(20_000)) + b"}}"
    bodies = [wide, b'{"FaceIds": [' + b"0," * 100_000 + b"0]}", b"[" * SMALL_LIMIT]

    def attack() -> None:
        for body in bodies * 5:
            post(hardened, body)

    threads = [threading.Thread(target=attack) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process.memory_info().rss - before < 150 * 1024 * 1024


def test_no_file_is_left_open(hardened: ServerProcess) -> None:
    assert hardened.process is not None
    process = psutil.Process(hardened.process.pid)
    client = hardened.client()
    client.list_collections()
    before = process.num_fds()
    for number in range(30):
        image = {"S3Object": {"Bucket": "nowhere", "Name": f"{number}.png"}}
        with contextlib.suppress(client.exceptions.InvalidS3ObjectException):
            client.detect_faces(Image=image)
        with socket.create_connection(("127.0.0.1", hardened.port)) as connection:
            connection.sendall(os.urandom(200))
    deadline = time.monotonic() + 10
    while process.num_fds() > before + 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert process.num_fds() <= before + 2
