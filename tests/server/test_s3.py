"""Objects of an S3 endpoint that does not give them: what the client hears, what the log says."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import structlog
from botocore.stub import Stubber

from openrekog.api_spec.errors import AccessDenied, InvalidS3Object
from openrekog.server.media.objects import Unreachable
from openrekog.server.media.s3 import S3Objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def endpoint() -> Iterator[tuple["S3Client", Stubber]]:
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client: S3Client = boto3.client("s3", endpoint_url="http://127.0.0.1:9", **keys)  # type: ignore[call-overload]  # the stubs want every argument by name
    with Stubber(client) as stub:
        yield client, stub


@pytest.mark.parametrize(
    ("code", "status", "logged"), [("NoSuchKey", 404, False), ("AccessDenied", 403, True)]
)
def test_a_refusal_is_logged_but_a_missing_object_is_not(
    endpoint: tuple["S3Client", Stubber], code: str, status: int, logged: bool
) -> None:
    client, stub = endpoint
    stub.add_client_error("get_object", service_error_code=code, http_status_code=status)
    with structlog.testing.capture_logs() as lines, pytest.raises(InvalidS3Object):
        S3Objects(client).read("photos", "a.png", None, 1024)
    assert any(code in line["error"] for line in lines) == logged


@pytest.mark.parametrize(
    ("status", "kind"), [(403, AccessDenied), (404, InvalidS3Object), (503, Unreachable)]
)
def test_what_a_bucket_does_not_take(
    endpoint: tuple["S3Client", Stubber], status: int, kind: type[Exception]
) -> None:
    client, stub = endpoint
    stub.add_client_error("put_object", http_status_code=status)
    with pytest.raises(kind) as raised:
        S3Objects(client).write("photos", "a.png", io.BytesIO(b"data"))
    assert type(raised.value) is kind
