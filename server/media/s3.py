"""The only door to boto3: objects from one configured S3 endpoint."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from openrekog.api_spec import errors
from openrekog.server.media.objects import NO_METADATA, StoredObject, Unreachable, limited
from openrekog.server.media.parted import PartedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

log = structlog.get_logger(__name__)

# Videos are read in pieces of this size, each a request of its own.
READ_AHEAD_BYTES = 1024 * 1024

# An object that does not come soon is the client's problem to hear of, not a thread's to wait for.
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=64,
    retries={"mode": "standard", "max_attempts": 2},
    s3={"addressing_style": "path"},
    # By default boto3 sends a checksum that not every endpoint knows.
    request_checksum_calculation="when_required",
)


@dataclass(frozen=True, slots=True)
class S3Objects:
    """Objects of one endpoint. Bucket names cannot carry a host: the API's pattern for them has
    no colon or slash, which leaves no room for an ARN; botocore follows no HTTP redirects."""

    client: "S3Client"

    @classmethod
    def connect(cls, endpoint_url: str, key_id: str | None, secret: str | None) -> "S3Objects":
        """Without a key, boto3's own credential chain applies."""
        client = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=CONFIG,
        )
        return cls(client)

    def read(self, bucket: str, key: str, version: str | None, max_bytes: int) -> bytes:
        with asking():
            answer = self.client.get_object(**wanted(bucket, key, version))
            with answer["Body"] as body:
                data = body.read(max_bytes + 1)
            # A body that was cut off ends like a whole one.
            expected = min(answer["ContentLength"], max_bytes + 1)
            if len(data) < expected:
                raise IncompleteReadError(actual_bytes=len(data), expected_bytes=expected)
            return limited(data, max_bytes)

    def open(self, bucket: str, key: str, version: str | None) -> StoredObject:
        where = wanted(bucket, key, version)
        with asking():
            head = self.client.head_object(**where)
        size, tag = head["ContentLength"], head["ETag"]
        ranges = RangedObject(self.client, where, size, tag)
        return StoredObject(io.BufferedReader(ranges, READ_AHEAD_BYTES), size, tag)

    def write(self, bucket: str, key: str, data: BinaryIO) -> None:
        checked(key)
        try:
            with asking():
                self.client.put_object(Bucket=bucket, Key=key, Body=data)
        except errors.InvalidS3Object as error:
            if status_of(error.__cause__) == HTTPStatus.FORBIDDEN:
                raise errors.AccessDenied from error
            raise


class RangedObject(PartedFile):
    """An object read by ranges, so that a video of any length needs no room on the disk. Every
    range is asked for with the ETag of the first: bytes of two versions are never mixed."""

    def __init__(
        self, client: "S3Client", where: "GetObjectRequestTypeDef", size: int, tag: str
    ) -> None:
        super().__init__(size)
        self._client = client
        self._where = where
        self._tag = tag

    def part(self, start: int, count: int) -> bytes:
        with asking():
            part: GetObjectRequestTypeDef = {
                **self._where,
                "Range": f"bytes={start}-{start + count - 1}",
                "IfMatch": self._tag,
            }
            answer = self._client.get_object(**part)
            with answer["Body"] as body:
                return body.read()


def checked(key: str) -> str:
    # S3 takes such steps literally; a proxy before it may resolve them, out of the bucket.
    if any(step in (".", "..") for step in key.split("/")):
        raise errors.InvalidS3Object(NO_METADATA)
    return key


def wanted(bucket: str, key: str, version: str | None) -> "GetObjectRequestTypeDef":
    where: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": checked(key)}
    if version is not None:
        where["VersionId"] = version
    return where


@contextmanager
def asking() -> Iterator[None]:
    """A client is told what AWS tells; that the fault may be ours stands in the log."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        status = status_of(error)
        if status != HTTPStatus.NOT_FOUND:
            log.warning("S3 endpoint did not do as it was asked", error=str(error))
        answered = status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR
        refusal = errors.InvalidS3Object if answered else Unreachable
        raise refusal(NO_METADATA) from error


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status of an answer; None for an error without any."""
    if not isinstance(error, ClientError):
        return None
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
