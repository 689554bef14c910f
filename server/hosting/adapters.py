"""The moderation adapters that answer: once trained they need no start, and are read when asked."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import structlog

from openrekog.api_spec import errors
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import ProjectVersion, VersionStatus
from openrekog.collections_store.store import Store
from openrekog.models.custom.model_file import ModelFileError, OtherFeaturesError
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.server.analysis.adapters import AdaptedModeration, open_adapted_moderation
from openrekog.server.analysis.moderation import Finding, moderate
from openrekog.server.hosting.neighbours import Neighbours
from openrekog.server.hosting.opened import OpenedModel, OpenedModels

log = structlog.get_logger(__name__)

Moderate = Callable[[Sequence[Image]], list[list[Finding]]]

USABLE: tuple[VersionStatus, ...] = ("TRAINING_COMPLETED", "EXPIRED")
TRAINED = "The adapter is trained."
ELSEWHERE = "This server does not run what the adapter was trained on; another server does."


class Adapters:
    """The adapters that this process has in memory; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        models: Models,
        runtime: Runtime,
        memory_bytes: int,
        neighbours: Neighbours,
    ) -> None:
        self._store = store
        self._neighbours = neighbours
        self._models = models
        self._runtime = runtime
        self._opened = OpenedModels(memory_bytes)

    def base(self) -> Moderate:
        """Without any adapter."""
        return partial(moderate, self._models)

    def get(self, version: ProjectVersion) -> Moderate | None:
        """What moderates with an adapter. None if it has expired, since no server runs the models
        that it was trained on; should they come back, it is as good as before. Raises
        ResourceNotReady for one that is not trained, is damaged, or answers on another server."""
        if version.status not in USABLE:
            raise errors.ResourceNotReady(f"The adapter is {version.status}.")
        try:
            opened = self._opened.get(version.key, lambda: self._read(version))
        except OtherFeaturesError as error:
            if self._neighbours.have(error.learnt_on, version.key):
                raise errors.ResourceNotReady(ELSEWHERE) from error
            self._become(version, "TRAINING_COMPLETED", "EXPIRED", str(error))
            return None
        except (ModelFileError, NotFound) as error:
            log.error("adapter cannot be opened", version=version.key, exc_info=error)
            raise errors.ResourceNotReady("The adapter's file is damaged.") from error
        self._become(version, "EXPIRED", "TRAINING_COMPLETED", TRAINED)
        return cast(AdaptedModeration, opened.model).moderate

    def _become(
        self, version: ProjectVersion, former: VersionStatus, status: VersionStatus, message: str
    ) -> None:
        if version.status == former:
            with self._store.write() as rows:
                rows.versions.become(version, [former], status, message)

    def _read(self, version: ProjectVersion) -> OpenedModel:
        with self._store.read() as rows:
            content = rows.versions.content(version)
        model = open_adapted_moderation(content, self._models, self._runtime)
        return OpenedModel(model, {}, len(content))
