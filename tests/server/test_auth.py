"""Who may call: every fault of a signature with its own code and text, and the keys file."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.service import load_service
from openrekog.collections_store.records import Scope
from openrekog.server.access.auth import Authenticator, Caller, authorize
from openrekog.server.access.keys import (
    AccessKey,
    KeyRing,
    KeysFile,
    KeysFileError,
    generate_key,
    revealed,
)
from openrekog.server.access.policies import Policy
from openrekog.server.services import open_store
from openrekog.server.settings import Settings
from openrekog.server.wire import Request

ACCOUNT = "123456789012"
BODY = b'{"CollectionId":"team"}'
OPERATIONS = load_service().operations
INVALID = "The security token included in the request is invalid."


@pytest.fixture
def file(tmp_path: Path) -> KeysFile:
    return KeysFile(tmp_path / "keys.json")


@pytest.fixture
def key(file: KeysFile) -> AccessKey:
    made = generate_key(ACCOUNT)
    file.add(made)
    return made


def authenticator(file: KeysFile, later: float = 0.0) -> Authenticator:
    return Authenticator(
        KeyRing(file),
        service="rekognition",
        default_account="000000000000",
        clock_skew=300,
        clock=lambda: datetime.now(UTC).timestamp() + later,
    )


def signed(
    key: AccessKey,
    *,
    secret: str | None = None,
    token: str | None = None,
    region: str = "eu-central-1",
    service: str = "rekognition",
    presigned: bool = False,
) -> Request:
    aws = AWSRequest("POST", "http://localhost/", headers={"Host": "localhost"})
    aws.data = b"" if presigned else BODY
    plain = secret or key.secret_access_key.get_secret_value()
    if token is None and key.session_token:
        token = key.session_token.get_secret_value()
    signer = SigV4QueryAuth if presigned else SigV4Auth
    signer(Credentials(key.access_key_id, plain, token), service, region).add_auth(aws)
    sent = aws.prepare()
    return Request(
        "id",
        "POST",
        b"/",
        sent.url.partition("?")[2].encode(),
        [(k.lower().encode(), v.encode()) for k, v in sent.headers.items()],
    )


def changed(request: Request, name: str, change: Callable[[str], str | None]) -> Request:
    headers = []
    for key, value in request.headers:
        new = change(value.decode()) if key.decode() == name else value.decode()
        if new is not None:
            headers.append((key, new.encode()))
    return Request(request.id, request.method, request.path, request.query, headers)


def refused(checks: Authenticator, request: Request, body: bytes = BODY) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        checks.confirm(checks.claim(request), request, body)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message or ""


def test_a_good_signature_tells_account_and_region(file: KeysFile, key: AccessKey) -> None:
    checks, request = authenticator(file), signed(key)
    caller = checks.confirm(checks.claim(request), request, BODY)
    assert caller.scope.account_id == ACCOUNT
    assert caller.scope.region == "eu-central-1"


def test_a_presigned_request_outlives_the_clock_skew(file: KeysFile, key: AccessKey) -> None:
    request = signed(key, presigned=True)  # botocore: valid for an hour
    later = authenticator(file, later=3000)
    later.confirm(later.claim(request), request, b"")
    code, message = refused(authenticator(file, later=4000), request, b"")
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature expired: ")
    assert message.endswith(" - 60 min.)")


MISMATCH = "The request signature we calculated does not match the signature you provided."


def test_changed_body_is_noticed(file: KeysFile, key: AccessKey) -> None:
    code, message = refused(authenticator(file), signed(key), BODY + b" ")
    assert code == "InvalidSignatureException"
    assert message.startswith(MISMATCH)
    assert "The Canonical String for this request should have been\n'POST\n/\n" in message


def test_wrong_secret(file: KeysFile, key: AccessKey) -> None:
    code, message = refused(authenticator(file), signed(key, secret="x" * 40))
    assert (code, message.startswith(MISMATCH)) == ("InvalidSignatureException", True)


def test_changed_signed_header_is_noticed(file: KeysFile, key: AccessKey) -> None:
    request = changed(signed(key), "host", lambda _: "elsewhere")
    assert refused(authenticator(file), request)[0] == "InvalidSignatureException"


FAULTS = {
    "nothing": (
        "authorization",
        lambda _: None,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    "malformed": (
        "authorization",
        lambda text: text.replace("Signature=", "Sig="),
        "IncompleteSignatureException",
        "Authorization header requires 'Signature' parameter. Authorization=AWS4",
    ),
    "region": (
        "authorization",
        lambda text: text.replace("eu-central-1", "eu_central!"),
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'eu_central!'. ",
    ),
    "service": (
        "authorization",
        lambda text: text.replace("/rekognition/", "/s3/"),
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'rekognition'. ",
    ),
    "terminator": (
        "authorization",
        lambda text: text.replace("/aws4_request", "/aws3_request"),
        "InvalidSignatureException",
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. ",
    ),
    "host not signed": (
        "authorization",
        lambda text: text.replace("SignedHeaders=host;", "SignedHeaders="),
        "InvalidSignatureException",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    "another day": (
        "x-amz-date",
        lambda text: "20010203" + text[8:],
        "InvalidSignatureException",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date ",
    ),
    "unknown key": (
        "authorization",
        lambda text: text.replace("AKIA", "AKIB"),
        "UnrecognizedClientException",
        INVALID,
    ),
    "token for a key without": (
        "x-amz-date",
        lambda text: text,
        "UnrecognizedClientException",
        INVALID,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, file: KeysFile, key: AccessKey) -> None:
    header, change, code, message = FAULTS[name]
    token = "unasked" if name == "token for a key without" else None
    found = refused(authenticator(file), changed(signed(key, token=token), header, change))
    assert found[0] == code
    assert found[1].startswith(message)


def test_several_faults_of_the_scope_are_told_together(file: KeysFile, key: AccessKey) -> None:
    _, message = refused(authenticator(file), signed(key, region="no_where", service="s3"))
    assert message == (
        "Credential should be scoped to a valid region, not 'no_where'. "
        "Credential should be scoped to correct service: 'rekognition'. "
    )


def test_header_and_query_together(file: KeysFile, key: AccessKey) -> None:
    both = signed(key)
    both = Request("id", "POST", b"/", signed(key, presigned=True).query, both.headers)
    assert refused(authenticator(file), both) == (
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )


def test_the_operation_must_be_signed(file: KeysFile, key: AccessKey) -> None:
    request = signed(key)
    target = (b"x-amz-target", b"RekognitionService.DeleteCollection")
    request = Request("id", "POST", b"/", b"", [*request.headers, target])
    assert refused(authenticator(file), request) == (
        "InvalidSignatureException",
        "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.",
    )


@pytest.mark.parametrize("member", ["X-Amz-Signature", "X-Amz-SignedHeaders"])
def test_letters_of_any_script_in_a_query(member: str, file: KeysFile, key: AccessKey) -> None:
    request = signed(key, presigned=True)
    query = request.query.replace(f"{member}=host".encode(), f"{member}=".encode())
    query = query.replace(f"{member}=".encode(), f"{member}=host%3B%E2%82%AC".encode())
    request = Request("id", "POST", b"/", query, request.headers)
    code, message = refused(authenticator(file), request, b"")
    assert code == "InvalidSignatureException"
    assert message.startswith(MISMATCH)


@pytest.mark.parametrize(
    ("later", "text"),
    [(400, "Signature expired: "), (-400, "Signature not yet current: ")],
    ids=["old", "of the future"],
)
def test_clock(later: float, text: str, file: KeysFile, key: AccessKey) -> None:
    code, message = refused(authenticator(file, later), signed(key))
    assert code == "InvalidSignatureException"
    assert message.startswith(text)
    assert message.endswith(" 5 min.)")
    assert authenticator(file, later / 2).claim(signed(key)).caller.scope.account_id == ACCOUNT


def test_temporary_key(file: KeysFile) -> None:
    key = generate_key(ACCOUNT, lifetime=timedelta(hours=1))
    assert key.access_key_id.startswith("ASIA")
    file.add(key)
    now, later = authenticator(file), authenticator(file, later=3700)
    request = signed(key)
    assert now.confirm(now.claim(request), request, BODY).scope.account_id == ACCOUNT
    assert refused(now, signed(key, token="another")) == ("UnrecognizedClientException", INVALID)
    assert refused(later, request) == (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )


@pytest.mark.parametrize("authorization", [None, "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b"])
def test_without_keys_anybody_is_let_in(file: KeysFile, authorization: str | None) -> None:
    headers = [(b"authorization", authorization.encode())] if authorization else []
    request = Request("id", "POST", b"/", b"", headers)
    checks = authenticator(file)
    scope = checks.confirm(checks.claim(request), request, BODY).scope
    assert (scope.account_id, scope.region) == ("000000000000", "us-east-1")


def test_without_keys_the_signature_still_tells_the_region(file: KeysFile) -> None:
    request = signed(generate_key(ACCOUNT), region="ap-south-1")
    assert authenticator(file).claim(request).caller.scope.region == "ap-south-1"


def test_a_running_server_follows_the_file(file: KeysFile, key: AccessKey) -> None:
    checks = authenticator(file)
    second = generate_key(ACCOUNT)
    assert refused(checks, signed(second))[0] == "UnrecognizedClientException"
    file.add(second)
    checks.claim(signed(second))
    assert file.delete(second.access_key_id)
    assert refused(checks, signed(second))[0] == "UnrecognizedClientException"


def test_an_emptied_file_opens_nothing(file: KeysFile, key: AccessKey) -> None:
    checks = authenticator(file)
    file.path.unlink()
    assert refused(checks, signed(key))[0] == "UnrecognizedClientException"


def test_a_broken_file_leaves_the_last_good_keys(file: KeysFile, key: AccessKey) -> None:
    checks = authenticator(file)
    file.path.write_text('{"keys": [{"secret_access_key": "hush')
    checks.claim(signed(key))
    with pytest.raises(KeysFileError, match=r"keys\.json is not a keys file") as caught:
        KeyRing(file)
    assert "hush" not in str(caught.value)


def test_an_unreachable_file_leaves_the_last_good_keys(file: KeysFile, key: AccessKey) -> None:
    checks = authenticator(file)
    file.path.unlink()
    file.path.symlink_to(file.path)
    checks.claim(signed(key))
    file.path.unlink()
    assert refused(checks, signed(key))[0] == "UnrecognizedClientException"
    file.path.symlink_to(file.path)
    with pytest.raises(KeysFileError, match=r"keys\.json cannot be used: "):
        KeyRing(file)


def test_the_first_key_closes_an_open_server(file: KeysFile) -> None:
    checks = authenticator(file)
    nobody = Request("id", "POST", b"/", b"", [])
    checks.claim(nobody)
    file.add(generate_key(ACCOUNT))
    assert refused(checks, nobody)[0] == "MissingAuthenticationTokenException"


def test_the_file_is_its_owners(file: KeysFile, key: AccessKey) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert not [name for name in os.listdir(file.path.parent) if name.startswith("keys.json.")]
    assert "**" in repr(key)
    assert revealed(key)["secret_access_key"] not in repr(key)


@pytest.mark.parametrize("first", ["keys", "store"])
def test_the_data_folder_is_its_owners(tmp_path: Path, first: str) -> None:
    """Vectors of faces lie in it."""
    settings = Settings(data_dir=tmp_path / "new")
    if first == "keys":
        KeysFile(settings.keys_path).add(generate_key(ACCOUNT))
    else:
        open_store(settings, serving=False).close()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_policy_decides() -> None:
    policy = Policy.model_validate(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "rekognition:*Faces", "Resource": "*"},
                {"Effect": "Deny", "Action": "*", "Resource": "*:collection/secret"},
            ]
        }
    )
    key = generate_key(ACCOUNT, policy)
    caller = Caller(Scope(ACCOUNT, "us-east-1"), key.user_arn, key.policy)
    authorize(caller, OPERATIONS["ListFaces"], {"CollectionId": "team"})
    user = f"User: arn:aws:iam::{ACCOUNT}:user/{key.access_key_id} is not authorized to perform: "
    with pytest.raises(ApiError) as implicit:
        authorize(caller, OPERATIONS["ListUsers"], {"CollectionId": "team"})
    assert implicit.value.code == "AccessDeniedException"
    assert implicit.value.message == (
        f"{user}rekognition:ListUsers on resource: "
        f"arn:aws:rekognition:us-east-1:{ACCOUNT}:collection/team because no identity-based policy "
        "allows the rekognition:ListUsers action"
    )
    with pytest.raises(ApiError, match="with an explicit deny in an identity-based policy"):
        authorize(caller, OPERATIONS["ListFaces"], {"CollectionId": "secret"})
