"""S3Object from an S3 endpoint: moto's server as a process, and one that means harm."""

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.moto import aws_client, moto
from tests.acceptance.photos import jpeg, person, photograph
from tests.acceptance.ports import free_port
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import FAKE, ServerProcess

CODE = "InvalidS3ObjectException"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of a running moto server with a few objects in it."""
    with moto() as url, contextlib.closing(aws_client("s3", url)) as client:
        client.create_bucket(Bucket="photos")
        client.create_bucket(Bucket="private")
        client.put_object(Bucket="photos", Key="2024/fête 1.png", Body=person(1))
        client.put_object(Bucket="photos", Key="text.png", Body=b"text")
        client.put_object(Bucket="private", Key="secret.png", Body=person(2))
        yield client


def reading_from(url: str, folder: Path) -> ServerProcess:
    settings = {
        **FAKE,
        "s3_endpoint_url": url,
        "s3_access_key_id": "any",
        "s3_secret_access_key": "any",
    }
    return ServerProcess(folder, settings).start()


@pytest.fixture(scope="module")
def client(s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    server = reading_from(s3.meta.endpoint_url, tmp_path_factory.mktemp("s3") / "data")
    yield server.client()
    server.close()


def object_of(bucket: str, key: str, **more: str) -> dict[str, Any]:
    return {"S3Object": {"Bucket": bucket, "Name": key, **more}}


def test_an_object_is_read(client: Any) -> None:
    expected = client.detect_faces(Image={"Bytes": person(1)})["FaceDetails"]
    answer = client.detect_faces(Image=object_of("photos", "2024/fête 1.png"))
    assert answer["FaceDetails"] == expected
    client.create_collection(CollectionId="people")
    indexed = client.index_faces(
        CollectionId="people", Image=object_of("photos", "2024/fête 1.png")
    )
    found = client.search_faces_by_image(CollectionId="people", Image={"Bytes": person(1)})
    face = indexed["FaceRecords"][0]["Face"]
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == [face["FaceId"]]


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("photos", "missing.png"),
        ("nowhere", "2024/fête 1.png"),
        ("...", "secret.png"),
        ("photos", "../private/secret.png"),
        ("photos", "2024/../../private/secret.png"),
        ("photos", "./../private/secret.png"),
        ("photos", ".."),
    ],
)
def test_objects_that_do_not_exist(client: Any, bucket: str, key: str) -> None:
    message = refused_with(CODE, client.detect_faces, Image=object_of(bucket, key))
    assert message == (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    )


@pytest.mark.parametrize(
    "bucket",
    [
        "arn:aws:s3:us-east-1:123456789012:accesspoint/mine",
        "http://127.0.0.1/",
        "photos/2024",
        "photos?x",
        "user@host",
        "photos:80",
    ],
)
def test_buckets_that_name_something_else(client: Any, bucket: str) -> None:
    refused_with("ValidationException", client.detect_faces, Image=object_of(bucket, "a.png"))


def test_versions(s3: Any, client: Any) -> None:
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="kept", Key="face.png", Body=person(3))["VersionId"]
    s3.put_object(Bucket="kept", Key="face.png", Body=person(4))

    def look(**version: str) -> Any:
        return client.detect_faces(Image=object_of("kept", "face.png", **version))["FaceDetails"]

    assert look() == client.detect_faces(Image={"Bytes": person(4)})["FaceDetails"]
    old = client.detect_faces(Image={"Bytes": person(3)})["FaceDetails"]
    assert look(Version=first) == old
    refused_with(CODE, client.detect_faces, Image=object_of("kept", "face.png", Version="none"))


def test_the_limit_of_bytes(s3: Any, client: Any) -> None:
    picture = jpeg(photograph("chelsea.png"))
    for name, length in (("most", 15 * MIB), ("more", 15 * MIB + 1)):
        s3.put_object(Bucket="photos", Key=name, Body=picture + bytes(length - len(picture)))
    assert client.detect_faces(Image=object_of("photos", "most"))["FaceDetails"]
    refused_with("ImageTooLargeException", client.detect_faces, Image=object_of("photos", "more"))


def test_an_object_that_is_no_picture(client: Any) -> None:
    refused_with(
        "InvalidImageFormatException", client.detect_faces, Image=object_of("photos", "text.png")
    )


class Deceiver(http.server.BaseHTTPRequestHandler):
    """An S3 endpoint that sends the reader elsewhere."""

    elsewhere = ""
    asked: list[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, headers, body = ANSWERS[self.path.rpartition("/")[2].partition("?")[0]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.replace("ELSEWHERE", self.elsewhere))
        sent = body.replace("ELSEWHERE", self.elsewhere).encode()
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def do_HEAD(self) -> None:
        self.send_response(301)
        self.send_header("x-amz-bucket-region", "eu-west-1")
        self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base
        pass


LOCATION = {"Location": "ELSEWHERE/photos/secret.png"}
REDIRECT = (
    '<?xml version="1.0"?><Error><Code>PermanentRedirect</Code>'
    "<Endpoint>ELSEWHERE</Endpoint><Bucket>photos</Bucket></Error>"
)
WRONG_REGION = (
    '<?xml version="1.0"?><Error><Code>AuthorizationHeaderMalformed</Code>'
    "<Region>eu-west-1</Region></Error>"
)
ANSWERS: dict[str, tuple[int, dict[str, str], str]] = {
    "301": (301, LOCATION, ""),
    "302": (302, LOCATION, ""),
    "307": (307, LOCATION, ""),
    "308": (308, LOCATION, ""),
    "region": (301, {**LOCATION, "x-amz-bucket-region": "eu-west-1"}, REDIRECT),
    "malformed": (400, {"x-amz-bucket-region": "eu-west-1"}, WRONG_REGION),
    "error": (500, {}, "broken"),
    "html": (403, {}, "<html>no</html>"),
    "huge": (200, {"Content-Range": "bytes 0-1/2"}, "no picture"),
}


class Canary(http.server.BaseHTTPRequestHandler):
    """Must never be called."""

    visited: list[str]

    def do_GET(self) -> None:
        self.visited.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(person(1))

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base
        pass


def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Any:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_an_endpoint_that_sends_elsewhere_is_not_followed(tmp_path: Path) -> None:
    visited: list[str] = []
    Canary.visited = visited
    Deceiver.asked = []
    canary, deceiver = serving(Canary), serving(Deceiver)
    Deceiver.elsewhere = f"http://127.0.0.1:{canary.server_port}"
    server = reading_from(f"http://127.0.0.1:{deceiver.server_port}", tmp_path / "data")
    client = server.client()
    try:
        for key in ANSWERS:
            code = "InvalidImageFormatException" if key == "huge" else CODE
            refused_with(code, client.detect_faces, Image=object_of("photos", key))
        assert visited == []
    finally:
        server.close()
        for one in (canary, deceiver):
            one.shutdown()
            one.server_close()


def test_dots_in_keys_are_not_sent(tmp_path: Path) -> None:
    """A proxy before the endpoint could resolve them, and leave the bucket or the endpoint."""
    asked: list[str] = []
    Deceiver.asked = asked
    endpoint = serving(Deceiver)
    server = reading_from(f"http://127.0.0.1:{endpoint.server_port}/s3", tmp_path / "data")
    client = server.client()
    try:
        for key in ("../private/html", "a/../../html", "..", ".", "./html", "a/./html"):
            refused_with(CODE, client.detect_faces, Image=object_of("photos", key))
        assert asked == []
        for key in ("a..b/html", "?x/html", "#x/html", "..a/html", "%2e%2e/html"):
            refused_with(CODE, client.detect_faces, Image=object_of("photos", key))
        assert asked == [
            "/s3/photos/a..b/html",
            "/s3/photos/%3Fx/html",
            "/s3/photos/%23x/html",
            "/s3/photos/..a/html",
            "/s3/photos/%252e%252e/html",
        ]
    finally:
        server.close()
        endpoint.shutdown()
        endpoint.server_close()


def test_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    server = reading_from(f"http://127.0.0.1:{free_port()}", tmp_path / "data")
    try:
        started = time.monotonic()
        refused_with(CODE, server.client().detect_faces, Image=object_of("photos", "a.png"))
        assert time.monotonic() - started < 10
    finally:
        server.close()
