"""The request path: from an ASGI message to the reply on the wire."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.types import Receive, Scope, Send

from openrekog.api_spec.errors import ApiError, InternalServerError, RequestTimeout
from openrekog.server.http.admission import Workers
from openrekog.server.http.bodies import Body, BodyLimits, ClientGoneError
from openrekog.server.http.dispatch import UNTRUSTED_BYTES, Call, Dispatcher, refusal
from openrekog.server.http.doors import XML, find_door
from openrekog.server.http.metrics import Metrics
from openrekog.server.http.origins import Origins
from openrekog.server.wire import Reply, Request

log = structlog.get_logger(__name__)

SHUT_DOWN = "The server was shut down before the request was finished."

FOREIGN_ORIGIN = (
    b"<AccessDeniedException>\n"
    b"  <Message>Web pages of this origin may not call; see the setting cors_origins.</Message>\n"
    b"</AccessDeniedException>\n"
)


@dataclass(frozen=True, slots=True)
class Api:
    """An ASGI app for every API call, and for whatever else is no page of ours."""

    dispatcher: Dispatcher
    workers: Workers
    limits: BodyLimits
    origins: Origins
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = read_head(scope)
        with Body(request, receive, self.limits) as body:
            try:
                call, reply = await self.reply(request, body)
            except ClientGoneError:
                log.info("client gone", request_id=request.id, path=scope["path"])
                return
            headers = {**self.origins.headers(request), **timing_header(call)}
            if not body.ended:
                headers["connection"] = "close"
            await send_reply(send, request, reply, headers)
        self.record(request, call, reply, time.perf_counter() - started)

    async def reply(self, request: Request, body: Body) -> tuple[Call | None, Reply]:
        if not self.origins.allow(request):
            return None, Reply(403, XML, FOREIGN_ORIGIN, code="AccessDeniedException")
        if is_preflight(request):
            return None, Reply(200, XML, b"", self.origins.preflight_headers(request))
        door = find_door(request, self.dispatcher.service.target_prefix)
        if isinstance(door, Reply):
            await body.discard()
            return None, door
        call = self.dispatcher.call(request, door)
        try:
            return call, await self.answer(call, body)
        except ClientGoneError:
            raise
        except asyncio.CancelledError:  # only at the end of the time that a shutdown grants
            return call, refusal(call, InternalServerError(SHUT_DOWN))
        except Exception as error:  # noqa: BLE001 - the last door: logged and answered as 500
            if not isinstance(error, RequestTimeout):
                await body.discard()
            return call, refusal(call, error)

    async def answer(self, call: Call, body: Body) -> Reply:
        body.check_declared()
        claim = self.dispatcher.claim(call)
        if isinstance(claim, ApiError) and (body.declared_bytes or 0) > UNTRUSTED_BYTES:
            raise claim
        content = await body.read()
        call.submitted = time.perf_counter()
        return await self.workers.run(self.dispatcher.answer, call, claim, content)

    def record(self, request: Request, call: Call | None, reply: Reply, seconds: float) -> None:
        operation = call.operation.name if call and call.operation else "-"
        self.metrics.observe_request(operation, reply.code, seconds)
        caller = call.caller if call else None
        log.info(
            "request",
            request_id=request.id,
            operation=call.door.operation if call else None,
            status=reply.status,
            code=reply.code,
            milliseconds=round(seconds * 1000, 2),
            account=caller.scope.account_id if caller else None,
            region=caller.scope.region if caller else None,
        )


def read_head(scope: Scope) -> Request:
    return Request(
        str(uuid.uuid4()),
        scope["method"],
        scope.get("raw_path") or scope["path"].encode(),
        scope["query_string"],
        scope["headers"],
    )


def is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and request.header(b"origin") is not None


def timing_header(call: Call | None) -> Mapping[str, str]:
    if call is None or not call.timings:
        return {}
    parts = (f"{part};dur={seconds * 1000:.2f}" for part, seconds in call.timings.items())
    return {"server-timing": ", ".join(parts)}


async def send_reply(send: Send, request: Request, reply: Reply, more: Mapping[str, str]) -> None:
    headers = {
        "x-amzn-requestid": request.id,
        "content-type": reply.content_type,
        "content-length": str(len(reply.body)),
        **reply.headers,
        **more,
    }
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    await send({"type": "http.response.body", "body": reply.body})
