"""API requests as bytes on the wire, signed as an SDK signs them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"


def image(data: bytes) -> dict[str, str]:
    """The API's Image member."""
    return {"Bytes": base64.b64encode(data).decode()}


def signed(address: str, key: Credentials, operation: str, payload: Mapping[str, Any]) -> bytes:
    """`POST /` with its target and signature; `address` is host:port."""
    body = json.dumps(payload).encode()
    headers = {
        "Host": address,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{operation}",
        "Content-Length": str(len(body)),
    }
    request = AWSRequest("POST", f"http://{address}/", data=body, headers=headers)
    SigV4Auth(key, "rekognition", REGION).add_auth(request)
    return wire("/", dict(request.headers.items()), body)


def plain(address: str, path: str, payload: Mapping[str, Any]) -> bytes:
    """Unsigned JSON, as other servers take it."""
    body = json.dumps(payload).encode()
    headers = {
        "Host": address,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    return wire(path, headers, body)


def wire(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
