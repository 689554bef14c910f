"""Who asks: verifies the signature of a request, and answers each fault as AWS words it."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from openrekog.api_spec import errors
from openrekog.api_spec.service import Operation
from openrekog.collections_store.records import Scope
from openrekog.server.access import sigv4
from openrekog.server.access.keys import AccessKey, KeyRing
from openrekog.server.access.policies import Policy
from openrekog.server.access.resources import resources_of
from openrekog.server.access.sigv4 import MalformedSignatureError, Signature
from openrekog.server.wire import Request

TARGET = "x-amz-target"
DEFAULT_REGION = "us-east-1"
REGION = re.compile(r"[a-z0-9-]{1,64}")  # any name: there is one endpoint for all of them
INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - a message
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105 - a message
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)
BOTH_SIGNED = (
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from, once that is known."""

    scope: Scope
    user_arn: str
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a request says it comes from: all that can be told without its body."""

    caller: Caller
    signature: Signature | None
    key: AccessKey | None
    """None when signatures are not verified."""


class Authenticator:
    def __init__(
        self,
        keys: KeyRing,
        *,
        service: str,
        default_account: str,
        clock_skew: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._service = service
        self._default_account = default_account
        self._skew = timedelta(seconds=clock_skew)
        self._clock = clock

    def claim(self, request: Request) -> Claim:
        """Everything but the signature itself; costs little, so it comes before the body."""
        self._keys.follow()
        if not self._keys.required:
            return self._unverified(request)
        signature = read_signature(request)
        self._check_scope(signature, called=request.header(TARGET.encode()) is not None)
        key = self._find_key(signature)
        self._check_clock(signature)
        scope = Scope(key.account_id, signature.scope.region)
        return Claim(Caller(scope, key.user_arn, key.policy), signature, key)

    def confirm(self, claim: Claim, request: Request, body: bytes) -> Caller:
        """The caller, if the signature fits the request and the body as received."""
        if claim.key is None or claim.signature is None:
            return claim.caller
        canonical = sigv4.canonical_request(
            request, claim.signature, hashlib.sha256(body).hexdigest()
        )
        text = sigv4.string_to_sign(claim.signature, canonical)
        secret = claim.key.secret_access_key.get_secret_value()
        expected = sigv4.sign(secret, claim.signature.scope, text)
        if not hmac.compare_digest(expected.encode(), claim.signature.value.encode("latin-1")):
            raise errors.InvalidSignature(
                f"{MISMATCH}\n\nThe Canonical String for this request should have been\n"
                f"'{canonical}'\n\nThe String-to-Sign should have been\n'{text}'\n"
            )
        return claim.caller

    def _unverified(self, request: Request) -> Claim:
        """Without keys anyone may call; a readable signature still tells the region."""
        try:
            region = read_signature(request).scope.region
        except errors.ApiError:
            region = DEFAULT_REGION
        if not REGION.fullmatch(region):
            region = DEFAULT_REGION
        scope = Scope(self._default_account, region)
        return Claim(Caller(scope, f"arn:aws:iam::{scope.account_id}:root", None), None, None)

    def _check_scope(self, signature: Signature, called: bool) -> None:
        scope, day = signature.scope, signature.timestamp[:8]
        faults = []
        if not REGION.fullmatch(scope.region):
            faults.append(f"Credential should be scoped to a valid region, not '{scope.region}'. ")
        if scope.service != self._service:
            faults.append(f"Credential should be scoped to correct service: '{self._service}'. ")
        if scope.terminator != sigv4.TERMINATOR:
            faults.append(
                "Credential should be scoped with a valid terminator: "
                f"'{sigv4.TERMINATOR}', not '{scope.terminator}'. "
            )
        if scope.date != day:
            faults.append(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                f"from HTTP: '{scope.date}' != '{day}', from '{signature.timestamp}'."
            )
        if "host" not in signature.signed_headers:
            faults.append(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
            )
        # The operation is part of the request: unsigned, it could be swapped on the way.
        if called and TARGET not in signature.signed_headers:
            faults.append("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.")
        if faults:
            raise errors.InvalidSignature("".join(faults))

    def _find_key(self, signature: Signature) -> AccessKey:
        key = self._keys.get(signature.access_key_id)
        if key is None:
            raise errors.UnrecognizedClient(INVALID_TOKEN)
        wanted = key.session_token.get_secret_value() if key.session_token else ""
        given = signature.session_token or ""
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise errors.UnrecognizedClient(INVALID_TOKEN)
        if key.expires is not None and key.expires <= self._now():
            raise errors.ExpiredToken(EXPIRED_TOKEN)
        return key

    def _check_clock(self, signature: Signature) -> None:
        now, minutes = self._now(), f"{self._skew.total_seconds() / 60:g} min."
        oldest, newest = now - self._skew, now + self._skew
        if signature.lifetime is not None:
            oldest = now - timedelta(seconds=signature.lifetime)
            minutes_old = f"{signature.lifetime / 60:g} min."
        else:
            minutes_old = minutes
        if signature.date < oldest:
            raise errors.InvalidSignature(
                f"Signature expired: {signature.timestamp} is now earlier than "
                f"{stamp(oldest)} ({stamp(now)} - {minutes_old})"
            )
        if signature.date > newest:
            raise errors.InvalidSignature(
                f"Signature not yet current: {signature.timestamp} is still later than "
                f"{stamp(newest)} ({stamp(now)} + {minutes})"
            )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def read_signature(request: Request) -> Signature:
    authorization = request.header(b"authorization")
    presigned = b"X-Amz-Algorithm" in request.query and (
        "X-Amz-Algorithm" in sigv4.query_members(request)
    )
    if authorization is not None and presigned:
        raise errors.InvalidSignature(BOTH_SIGNED)
    try:
        if authorization is not None:
            return sigv4.read_header(request, authorization)
        if presigned:
            return sigv4.read_query(request)
    except MalformedSignatureError as error:
        raise errors.IncompleteSignature(str(error)) from error
    raise errors.MissingAuthenticationToken()


def authorize(caller: Caller, operation: Operation, payload: Mapping[str, Any]) -> None:
    """Refuses a call that the policy of the caller's key does not allow on all its resources."""
    if caller.policy is None:
        return
    action = f"rekognition:{operation.name}"
    for resource in resources_of(caller.scope, operation, payload):
        verdict = caller.policy.verdict(action, resource)
        if verdict == "allowed":
            continue
        reason = (
            "with an explicit deny in an identity-based policy"
            if verdict == "explicitly denied"
            else f"because no identity-based policy allows the {action} action"
        )
        raise errors.AccessDenied(
            f"User: {caller.user_arn} is not authorized to perform: {action} "
            f"on resource: {resource} {reason}"
        )


def stamp(moment: datetime) -> str:
    return moment.strftime(sigv4.BASIC_FORMAT)
