"""The docs page: Swagger UI from installed files, so that it works with no internet."""

from collections.abc import Collection
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

import orjson
from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from openrekog.api_spec.openapi import openapi_document
from openrekog.api_spec.service import load_service
from openrekog.server.http.doors import DOCS_PATH

# Nothing but our own files may run on the page or be called by it. Swagger UI sets styles in
# elements and draws its icons as data URLs; a chosen picture is shown from a blob.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
CACHED = "max-age=86400"
READING = ["GET", "HEAD"]  # the HTTP server leaves out the body of what HEAD is answered

OURS = files("openrekog.server.http") / "static"
# The package's own static folder; it ships Swagger UI's distribution as it is.
SWAGGER_UI = files("fastapi_offline") / "static"

ASSETS: dict[str, tuple[Traversable, str]] = {
    "swagger-ui-bundle.js": (SWAGGER_UI, "text/javascript"),
    "swagger-ui.css": (SWAGGER_UI, "text/css"),
    "docs.js": (OURS, "text/javascript"),
    "signing.js": (OURS, "text/javascript"),
    "pictures.js": (OURS, "text/javascript"),
    "docs.css": (OURS, "text/css"),
    "icon.svg": (OURS, "image/svg+xml"),
}

NOT_AVAILABLE = " (not available yet)"


def docs_router(handlers: Collection[str]) -> APIRouter:
    """The page, its assets and the document that it shows."""
    router = APIRouter(include_in_schema=False)
    document = render_document(handlers)
    page = partial(router.api_route, methods=READING)

    @page(DOCS_PATH)
    def docs() -> Response:
        return Response(
            (OURS / "docs.html").read_bytes(),
            media_type="text/html; charset=utf-8",
            headers={"content-security-policy": CONTENT_SECURITY_POLICY},
        )

    @page(DOCS_PATH + "/{name}")
    def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        folder, media_type = ASSETS[name]
        return Response(
            (folder / name).read_bytes(), media_type=media_type, headers={"cache-control": CACHED}
        )

    @page("/openapi.json")
    def openapi() -> Response:
        return Response(document, media_type="application/json")

    return router


def render_document(handlers: Collection[str]) -> bytes:
    """The OpenAPI document, what works first, with a word on what nobody handles yet."""
    service = load_service()
    document = openapi_document(service, version("openrekog"))
    for path, item in document["paths"].items():
        if path.rpartition("/")[2] not in handlers:
            item["post"]["summary"] += NOT_AVAILABLE
    working = {service.all_operations[name].group for name in handlers}
    document["tags"].sort(key=lambda tag: tag["name"] not in working)
    return orjson.dumps(document)
