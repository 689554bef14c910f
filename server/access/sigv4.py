"""Signature Version 4 from the verifier's side: reads a signature and computes what it should be.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote

from openrekog.server.wire import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
BASIC_FORMAT = "%Y%m%dT%H%M%SZ"  # ISO 8601 as SigV4 writes it
UNRESERVED = "-_.~"  # RFC 3986, beside letters and digits

HEADER_MEMBERS = ("Credential", "Signature", "SignedHeaders")
QUERY_MEMBERS = (
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
    "X-Amz-Expires",
)


class MalformedSignatureError(ValueError):
    """The parts of a signature are missing or have the wrong form; the message is AWS's."""


@dataclass(frozen=True, slots=True)
class CredentialScope:
    date: str
    region: str
    service: str
    terminator: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a client says of its signature, in a header or in the query."""

    access_key_id: str
    scope: CredentialScope
    date: datetime
    timestamp: str
    """The date as SigV4 writes it."""
    signed_headers: tuple[str, ...]
    value: str
    session_token: str | None
    lifetime: int | None
    """Seconds that a presigned request stays valid; None when the signature is in a header."""


def read_header(request: Request, authorization: str) -> Signature:
    """The signature in an Authorization header."""
    algorithm, _, rest = authorization.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise MalformedSignatureError(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    members = dict(split_member(member) for member in rest.split(","))
    date = request.header(b"x-amz-date") or request.header(b"date")
    missing = [
        f"Authorization header requires '{name}' parameter. "
        for name in HEADER_MEMBERS
        if not members.get(name)
    ]
    if date is None:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        )
    if missing or date is None:
        raise MalformedSignatureError("".join(missing) + f"Authorization={authorization}")
    return build(members, date, request.header(b"x-amz-security-token"), None)


def split_member(member: str) -> tuple[str, str]:
    name, _, value = member.strip().partition("=")
    return name, value


def read_query(request: Request) -> Signature:
    """The signature in the query of a presigned request."""
    members = query_members(request)
    if members.get("X-Amz-Algorithm") != ALGORITHM:
        raise MalformedSignatureError(
            f"Unsupported AWS 'algorithm': '{members.get('X-Amz-Algorithm', '')}'."
        )
    missing = [
        f"AWS query-string parameters must include '{name}'. "
        for name in QUERY_MEMBERS
        if not members.get(name)
    ]
    if missing:
        raise MalformedSignatureError("".join(missing) + "Re-examine the query-string parameters.")
    short = {name.removeprefix("X-Amz-"): value for name, value in members.items()}
    return build(
        short,
        members["X-Amz-Date"],
        members.get("X-Amz-Security-Token"),
        read_lifetime(members["X-Amz-Expires"]),
    )


def query_members(request: Request) -> dict[str, str]:
    query = request.query.decode("latin-1").replace("+", "%2B")
    return dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))


def read_lifetime(text: str) -> int:
    # A week is AWS's longest.
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= 604_800:
        raise MalformedSignatureError("X-Amz-Expires must be between 1 and 604800 seconds")
    return int(text)


def build(
    members: Mapping[str, str], date: str, session_token: str | None, lifetime: int | None
) -> Signature:
    access_key_id, scope = read_credential(members["Credential"])
    moment = read_date(date)
    return Signature(
        access_key_id,
        scope,
        moment,
        moment.strftime(BASIC_FORMAT),
        tuple(members["SignedHeaders"].lower().split(";")),
        members["Signature"],
        session_token,
        lifetime,
    )


def read_credential(credential: str) -> tuple[str, CredentialScope]:
    parts = credential.split("/")
    if len(parts) != 5:
        raise MalformedSignatureError(
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'"
        )
    return parts[0], CredentialScope(*parts[1:])


def read_date(text: str) -> datetime:
    """`X-Amz-Date` in basic format; a `Date` header may also be in the form of RFC 9110."""
    try:
        if re.fullmatch(r"\d{8}T\d{6}Z", text):
            return datetime.fromisoformat(text)
        if "," in text:
            return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # beyond the year 9999 in UTC
        raise wrong_date(text) from error
    raise wrong_date(text)


def wrong_date(text: str) -> MalformedSignatureError:
    return MalformedSignatureError(
        f"Date must be in ISO-8601 'basic format'. Got '{text}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601"
    )


def canonical_request(request: Request, signature: Signature, payload_hash: str) -> str:
    headers = [
        f"{name}:{canonical_header(request, name.encode('latin-1'))}\n"
        for name in signature.signed_headers
    ]
    return "\n".join(
        (
            request.method,
            canonical_path(request.path),
            canonical_query(request.query),
            "".join(headers),
            ";".join(signature.signed_headers),
            payload_hash,
        )
    )


def canonical_header(request: Request, name: bytes) -> str:
    return b",".join(b" ".join(value.split()) for value in request.values(name)).decode("latin-1")


def canonical_path(raw: bytes) -> str:
    """The path as sent, without dot segments, encoded once more as every service but S3 wants."""
    path = raw.decode("latin-1") or "/"
    normal = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith("/") and normal != "/":
        normal += "/"
    return quote(normal, safe="/" + UNRESERVED, encoding="latin-1")


def canonical_query(raw: bytes) -> str:
    if not raw:
        return ""
    pairs = sorted(
        (recode(name), recode(value))
        for name, _, value in (part.partition("=") for part in raw.decode("latin-1").split("&"))
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def recode(text: str) -> str:
    """Percent-encoding in the one canonical form, whatever form was sent."""
    return quote(unquote(text, encoding="latin-1"), safe=UNRESERVED, encoding="latin-1")


def string_to_sign(signature: Signature, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    return "\n".join((ALGORITHM, signature.timestamp, str(signature.scope), digest))


def sign(secret: str, scope: CredentialScope, text: str) -> str:
    return hmac.digest(signing_key(secret, scope), text.encode("latin-1"), "sha256").hex()


@lru_cache(maxsize=256)
def signing_key(secret: str, scope: CredentialScope) -> bytes:
    """Good for a day, a region and a service: clients keep it just so."""
    key = b"AWS4" + secret.encode()
    for part in (scope.date, scope.region, scope.service, scope.terminator):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return key
