"""Signatures: AWS's published vectors, and botocore's signer on generated requests."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from openrekog.server.access import sigv4
from openrekog.server.wire import Request

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIAL = f"{KEY_ID}/20150830/us-east-1/service/aws4_request"
HOST = (b"host", b"example.amazonaws.com")
DATE = (b"x-amz-date", b"20150830T123600Z")


def signed(
    headers: list[tuple[bytes, bytes]],
    *,
    method: str = "GET",
    path: bytes = b"/",
    query: bytes = b"",
    names: str = "host;x-amz-date",
    signature: str = "unknown",
) -> Request:
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders={names}, Signature={signature}"
    )
    return Request(
        "id", method, path, query, [*headers, (b"authorization", authorization.encode())]
    )


def signature_of(request: Request, body: bytes = b"", secret: str = SECRET) -> str:
    authorization = request.header(b"authorization")
    signature = (
        sigv4.read_query(request)
        if authorization is None
        else sigv4.read_header(request, authorization)
    )
    canonical = sigv4.canonical_request(request, signature, hashlib.sha256(body).hexdigest())
    return sigv4.sign(secret, signature.scope, sigv4.string_to_sign(signature, canonical))


# Signature Version 4 test suite, as AWS publishes it with its signing documentation.
VECTORS = {
    "get-vanilla": (
        signed([HOST, DATE]),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    "get-vanilla-query-order-key-case": (
        signed([HOST, DATE], query=b"Param2=value2&Param1=value1"),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "post-vanilla": (
        signed([HOST, DATE], method="POST"),
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    "get-header-value-trim": (
        signed(
            [HOST, (b"my-header1", b" value1"), (b"my-header2", b' "a   b   c"'), DATE],
            names="host;my-header1;my-header2;x-amz-date",
        ),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_published_vector(name: str) -> None:
    request, wanted = VECTORS[name]
    assert signature_of(request) == wanted


token = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
anything = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
header_value = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20
)


@settings(max_examples=60, deadline=None)
@given(
    segments=st.lists(anything, max_size=3),
    query=st.lists(st.tuples(token, anything), max_size=3),
    extra=st.dictionaries(token.map(lambda name: "x-more-" + name.lower()), header_value),
    body=st.binary(max_size=64),
    session_token=st.none() | header_value,
    presigned=st.booleans(),
)
def test_agrees_with_botocore(
    segments: list[str],
    query: list[tuple[str, str]],
    extra: dict[str, str],
    body: bytes,
    session_token: str | None,
    presigned: bool,
) -> None:
    if presigned:
        body = b""  # botocore would sign it as more of the query
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)
    text = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query)
    url = f"http://localhost:8080{path}" + (f"?{text}" if text else "")
    aws = AWSRequest("POST", url, headers={"Host": "localhost:8080", **extra}, data=body)
    signer = SigV4QueryAuth if presigned else SigV4Auth
    signer(Credentials(KEY_ID, SECRET, session_token), "rekognition", "eu-west-1").add_auth(aws)

    sent = aws.prepare()
    target = sent.url.removeprefix("http://localhost:8080").encode()
    raw_path, _, raw_query = target.partition(b"?")
    received = Request(
        "id",
        "POST",
        raw_path,
        raw_query,
        [(str(k).lower().encode(), wire_bytes(v)) for k, v in sent.headers.items()],
    )
    authorization = received.header(b"authorization")
    read = (
        sigv4.read_query(received) if presigned else sigv4.read_header(received, str(authorization))
    )
    assert read.value == signature_of(received, body)
    assert read.access_key_id == KEY_ID
    assert read.session_token == session_token
    assert read.value != signature_of(received, body + b"x")


def wire_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


def test_a_header_in_several_lines_counts_as_one_list() -> None:
    request = signed([HOST, (b"my", b"b"), (b"my", b" a "), DATE], names="host;my;x-amz-date")
    assert sigv4.canonical_header(request, b"my") == "b,a"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (b"", "/"),
        (b"/", "/"),
        (b"//", "/"),
        (b"/./", "/"),
        (b"/a/../b/", "/b/"),
        (b"/a//b", "/a/b"),
        (b"/a%20b", "/a%2520b"),
        (b"/..", "/"),
    ],
)
def test_path_is_normalised_and_encoded_again(path: bytes, wanted: str) -> None:
    assert sigv4.canonical_path(path) == wanted


MISSING_ALL = (
    "Authorization header requires 'Credential' parameter. "
    "Authorization header requires 'Signature' parameter. "
    "Authorization header requires 'SignedHeaders' parameter. "
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    "Authorization=AWS4-HMAC-SHA256"
)


@pytest.mark.parametrize(
    ("authorization", "date", "message"),
    [
        ("AWS4-HMAC-SHA256", None, MISSING_ALL),
        ("AWS4-HMAC-SHA1 x", None, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
            "20150830T123600Z",
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/term, got 'a/b'",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=00",
            "2015-08-30",
            "Date must be in ISO-8601 'basic format'. Got '2015-08-30'. "
            "See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=00",
            "20151330T123600Z",
            "Date must be in ISO-8601 'basic format'. Got '20151330T123600Z'. "
            "See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=00",
            "Fri, 31 Dec 9999 23:59:59 -0100",
            "Date must be in ISO-8601 'basic format'. Got 'Fri, 31 Dec 9999 23:59:59 -0100'. "
            "See http://en.wikipedia.org/wiki/ISO_8601",
        ),
    ],
    ids=["nothing", "algorithm", "credential", "date form", "no such day", "year 10000"],
)
def test_malformed_header(authorization: str, date: str | None, message: str) -> None:
    headers = [] if date is None else [(b"x-amz-date", date.encode())]
    request = Request("id", "POST", b"/", b"", headers)
    with pytest.raises(sigv4.MalformedSignatureError) as caught:
        sigv4.read_header(request, authorization)
    assert str(caught.value) == message


def test_a_date_header_will_do() -> None:
    request = Request("id", "POST", b"/", b"", [(b"date", b"Sun, 30 Aug 2015 12:36:00 GMT")])
    authorization = f"AWS4-HMAC-SHA256 Credential={CREDENTIAL},SignedHeaders=host,Signature=00"
    read = sigv4.read_header(request, authorization)
    assert read.date == datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    assert read.timestamp == "20150830T123600Z"
