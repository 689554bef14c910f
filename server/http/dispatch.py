"""The synchronous part of a request, from its body to the answer, as one list of steps."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import structlog

from openrekog.api_spec import codec, errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.service import Operation, Service
from openrekog.server.access.auth import Authenticator, Caller, Claim, authorize
from openrekog.server.access.limits import RateLimits
from openrekog.server.context import Context, Services
from openrekog.server.failures import as_api_error, unexpected
from openrekog.server.http.doors import PLAIN_JSON, Door
from openrekog.server.operations.registry import Handler
from openrekog.server.timings import Timings
from openrekog.server.wire import Reply, Request

log = structlog.get_logger(__name__)

# Faults of a body are told before faults of its signature, as at AWS, but only for bodies up to
# this size: a stranger must not make us parse megabytes.
UNTRUSTED_BYTES = 64 * 1024

# AWS says nothing more to an SDK; who writes requests by hand is told what is wrong.
PLAIN_WORDS = {
    "SerializationException": "The body must be a JSON object, such as {}.",
    "UnknownOperationException": "There is no such operation; the page /docs shows all of them.",
}


@dataclass(slots=True)
class Call:
    """One API call under way, and what becomes known of it for logs and metrics."""

    request: Request
    door: Door
    operation: Operation | None
    caller: Caller | None = None
    submitted: float = 0.0
    timings: Timings = field(default_factory=Timings)


@dataclass(frozen=True, slots=True)
class Dispatcher:
    service: Service
    handlers: Mapping[str, Handler]
    authenticator: Authenticator
    limits: RateLimits
    services: Services

    def call(self, request: Request, door: Door) -> Call:
        return Call(request, door, self.service.at(door.operation or ""))

    def claim(self, call: Call) -> Claim | ApiError:
        """Who the caller says to be; a fault is told later, when its turn comes."""
        try:
            return self.authenticator.claim(call.request)
        except ApiError as error:
            return error

    def answer(self, call: Call, claim: Claim | ApiError, body: bytes) -> Reply:
        call.timings["queue"] = time.perf_counter() - call.submitted
        try:
            return Reply(200, call.door.content_type, self._carry_out(call, claim, body))
        except Exception as error:  # noqa: BLE001 - the last door: logged and answered as 500
            return refusal(call, error)

    def _carry_out(self, call: Call, claim: Claim | ApiError, body: bytes) -> bytes:
        with call.timings.timed("auth"):
            caller = self._confirm(call, claim, body)
        if isinstance(caller, ApiError) and len(body) > UNTRUSTED_BYTES:
            raise caller
        with call.timings.timed("parse"):
            payload = cast(dict[str, Any], codec.parse(body))
        operation = call.operation
        if operation is None:
            raise errors.UnknownOperation()
        if isinstance(caller, ApiError):
            raise caller
        call.caller = caller
        for each, request in self.service.asked_by(operation, payload):
            authorize(caller, each, request)
        self.limits.take(caller.scope.account_id, operation)
        with call.timings.timed("decode"):
            checked = codec.decode(operation, payload)
        del payload  # megabytes of base64 that the decoded bytes replace
        with call.timings.timed("handler"):
            response = self._handle(call, operation, caller, checked)
        with call.timings.timed("encode"):
            return codec.encode(operation, response)

    def _confirm(self, call: Call, claim: Claim | ApiError, body: bytes) -> Caller | ApiError:
        if isinstance(claim, ApiError):
            return claim
        try:
            return self.authenticator.confirm(claim, call.request, body)
        except ApiError as error:
            return error

    def _handle(
        self, call: Call, operation: Operation, caller: Caller, checked: dict[str, Any]
    ) -> Any:
        handler = self.handlers.get(operation.name)
        if handler is None:
            raise errors.UnknownOperation(f"{operation.name} is not available yet in openrekog.")
        context = Context(
            call.request.id,
            operation,
            caller.scope,
            caller.user_arn,
            self.services,
            call.timings,
        )
        return handler(context, checked)


def refusal(call: Call, error: Exception) -> Reply:
    """The answer to a failed call; the unexpected is logged with all that we know."""
    told = as_api_error(error)
    if told is None:
        told = unexpected()
        log.error(
            "unexpected error",
            request_id=call.request.id,
            operation=call.door.operation,
            exc_info=error,
        )
    elif told.status >= 500:
        log.error("request failed", request_id=call.request.id, error=repr(error), exc_info=error)
    if told.message is None and call.door.content_type == PLAIN_JSON:
        told = ApiError(told.code, PLAIN_WORDS.get(told.code))
    return Reply(
        told.status,
        call.door.content_type,
        told.body(call.request.id),
        headers={"x-amzn-errortype": told.code},
        code=told.code,
    )
