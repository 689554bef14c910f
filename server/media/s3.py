"""The only door to boto3: objects from one configured S3 endpoint."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openrekog.api_spec import errors
from openrekog.server.media.objects import NO_METADATA, limited

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

log = structlog.get_logger(__name__)

# An object that does not come soon is the client's problem to hear of, not a thread's to wait for.
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=64,
    retries={"mode": "standard", "max_attempts": 2},
    s3={"addressing_style": "path"},
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
        # S3 takes such steps literally; a proxy before it may resolve them, out of the bucket.
        if any(step in (".", "..") for step in key.split("/")):
            raise errors.InvalidS3Object(NO_METADATA)
        wanted: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
        if version is not None:
            wanted["VersionId"] = version
        try:
            answer = self.client.get_object(**wanted)
            with answer["Body"] as body:
                return limited(body.read(max_bytes + 1), max_bytes)
        except (ClientError, BotoCoreError) as error:
            # A client is told what AWS tells; that the fault may be ours stands in the log.
            if not is_missing(error):
                log.warning("S3 endpoint did not give an object", error=str(error))
            raise errors.InvalidS3Object(NO_METADATA) from error


def is_missing(error: ClientError | BotoCoreError) -> bool:
    if not isinstance(error, ClientError):
        return False
    return error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
