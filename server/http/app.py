"""Builds the app of a server: every part is made here once and handed on."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from openrekog.api_spec.service import load_service
from openrekog.models.batching import BatchPolicy
from openrekog.server import operations
from openrekog.server.access.auth import Authenticator
from openrekog.server.access.keys import KeyRing
from openrekog.server.access.limits import RateLimits
from openrekog.server.context import Services
from openrekog.server.http.admission import ByteBudget, Workers
from openrekog.server.http.api import Api
from openrekog.server.http.bodies import BodyLimits
from openrekog.server.http.dispatch import Dispatcher
from openrekog.server.http.docs import READING, docs_router
from openrekog.server.http.health import readiness
from openrekog.server.http.metrics import CONTENT_TYPE, Metrics
from openrekog.server.http.origins import Origins
from openrekog.server.operations.registry import find_handlers
from openrekog.server.settings import Settings

# Two full batches: one runs while the next is made ready.
GPU_THREADS = 2 * BatchPolicy().max_batch


@dataclass(frozen=True, slots=True)
class App:
    """Takes API calls past the framework, whose layers cost as much as a small call; the pages and
    probes, none of which is asked for by POST, stay behind them."""

    pages: FastAPI
    api: Api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["method"] == "POST"
        await (self.api if is_call else self.pages)(scope, receive, send)


def threads_for(services: Services) -> int:
    """As many as cores: with one more they hand the interpreter's lock around (on two quiet cores
    SearchFacesByImage 79 a second with two threads and 73 with three). There must be more where
    threads wait: for an S3 endpoint, or for the other requests of a GPU's batch."""
    settings = services.settings
    if settings.request_threads:
        return settings.request_threads
    if services.runtime.providers[0] in ("cuda", "tensorrt"):
        return GPU_THREADS
    cores = max(2, len(os.sched_getaffinity(0)))
    threads = cores if settings.s3_endpoint_url is None else 8 * cores
    return max(1, threads // max(1, settings.processes))


def create_app(services: Services, keys: KeyRing, metrics: Metrics) -> App:
    settings = services.settings
    workers = Workers(threads_for(services), settings.max_queued_requests)
    budget = ByteBudget(settings.max_pending_body_bytes)
    metrics.watch(workers, budget, services.store.face_total)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        publishing = asyncio.create_task(metrics.keep_published())
        yield
        publishing.cancel()
        workers.close()

    pages = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    dispatcher = build_dispatcher(services, keys)
    pages.include_router(docs_router(dispatcher.handlers.keys()))
    add_probes(pages, services, metrics)
    pages.router.redirect_slashes = False
    pages.router.default = api = Api(
        dispatcher=dispatcher,
        workers=workers,
        limits=BodyLimits(settings.max_body_bytes, settings.body_timeout, budget),
        origins=Origins(allowed_origins(settings, keys)),
        metrics=metrics,
    )
    return App(pages, api)


def build_dispatcher(services: Services, keys: KeyRing) -> Dispatcher:
    settings, service = services.settings, load_service()
    return Dispatcher(
        service=service,
        handlers=find_handlers(operations),
        authenticator=Authenticator(
            keys,
            service=service.signing_name,
            default_account=settings.default_account,
            clock_skew=settings.clock_skew,
        ),
        limits=RateLimits(settings.rate_limits, service.all_operations),
        services=services,
    )


def add_probes(app: FastAPI, services: Services, metrics: Metrics) -> None:
    page = partial(app.api_route, methods=READING, include_in_schema=False)

    @page("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @page("/readyz")
    def readyz() -> Response:
        found = readiness(services)
        return JSONResponse(found.report, 200 if found.ready else 503)

    @page("/metrics")
    def scrape() -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE)


def allowed_origins(settings: Settings, keys: KeyRing) -> tuple[str, ...]:
    anybody = keys.required or settings.run_open
    return settings.cors_origins or (("*",) if anybody else ())
