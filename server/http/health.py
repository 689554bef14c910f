"""Whether the server lives, and whether it can answer."""

from dataclasses import dataclass
from typing import Any

import structlog

from openrekog.server.context import Services

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    report: dict[str, Any]


def readiness(services: Services) -> Readiness:
    """Asks the database; the models were loaded before the socket opened."""
    try:
        faces = services.store.face_total()
    except Exception as error:
        log.error("database does not answer", exc_info=error)
        return Readiness(False, {"status": "not ready", "database": type(error).__name__})
    return Readiness(
        True,
        {
            "status": "ready",
            "database": "ok",
            "faces_stored": faces,
            "face_model": services.models.faces.model_name,
            "models": {model.name: model.provider for model in services.runtime.loaded},
        },
    )
