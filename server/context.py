"""What a handler is given beside its request."""

from dataclasses import dataclass

from openrekog.collections_store.store import Scope, Store
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.server.media.images import ImageLoader
from openrekog.server.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The long-lived parts of a running server, built once by the app factory."""

    settings: Settings
    store: Store
    faces: FaceAnalyzer
    images: ImageLoader


@dataclass(frozen=True, slots=True)
class Context:
    """One request: who asks, from where, and the services that answer."""

    request_id: str
    scope: Scope
    services: Services
