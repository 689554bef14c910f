"""Starts and stops trained models, and gives those that run to who asks them.

What a model's row says is the truth. Every server process looks at the rows and does what is to be
done: so a start or a stop goes on after a crash, and each process finds out what others did.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from openrekog.collections_store.errors import NotFound, StoreError
from openrekog.collections_store.records import ProjectVersion, VersionStatus
from openrekog.collections_store.store import Store
from openrekog.models.custom.model_file import ModelFileError, OtherFeaturesError
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.hosting.neighbours import Neighbours
from openrekog.server.hosting.opened import OpenedModel, OpenedModels
from openrekog.server.hosting.thresholds import thresholds_of
from openrekog.server.hosting.units import InferenceUnits, UnitSize

log = structlog.get_logger(__name__)

# A model that failed may be started again: with the right packs, it may well run.
STARTABLE: tuple[VersionStatus, ...] = (
    "TRAINING_COMPLETED",
    "COPYING_COMPLETED",
    "STOPPED",
    "FAILED",
)

TRAINED: tuple[VersionStatus, ...] = (*STARTABLE, "STARTING", "RUNNING", "STOPPING")

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_AFTER_A_FAULT = 5.0

# How exactly `used_at` is kept: a write for each request would cost more than the request.
MOST_USE_SECONDS = 60.0

STARTING = "The model is being started."
RUNNING = "The model is running."
STOPPING = "The model is being stopped."
STOPPED = "The model is stopped."
ELSEWHERE = "This server does not run {!r}, which the model was learnt on; another server does."
UNEXPECTED = "The model cannot be started; the server's log says why."


class UnusableModelError(Exception):
    """The model cannot be opened by this server; the message tells its owner why."""


class ElsewhereError(UnusableModelError):
    """The model was learnt on a network that this server does not run, and another one does."""

    def __init__(self, learnt_on: str) -> None:
        super().__init__(ELSEWHERE.format(learnt_on))
        self.learnt_on = learnt_on


@dataclass(frozen=True, slots=True)
class HostingTerms:
    """`idle_seconds` of 0 never stops a model by itself."""

    unit: UnitSize
    memory_bytes: int
    on_demand: bool
    idle_seconds: float

    @property
    def use_seconds(self) -> float:
        return min(MOST_USE_SECONDS, self.idle_seconds / 4 or MOST_USE_SECONDS)


class Hosting:
    """The running models of a server process; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        models: Models,
        runtime: Runtime,
        terms: HostingTerms,
        neighbours: Neighbours,
    ) -> None:
        self._store = store
        self._neighbours = neighbours
        self._models = models
        self._runtime = runtime
        self._terms = terms
        self._opened = OpenedModels(terms.memory_bytes)
        self._units: dict[int, InferenceUnits] = {}
        # When each of the models that are started here was last asked; 0 if never.
        self._used: dict[int, float] = {}
        # What models of other servers were learnt on: they are not read again and again.
        self._elsewhere: dict[int, str] = {}
        self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hosting", daemon=True)
        self._steps: Mapping[VersionStatus, Callable[[ProjectVersion], object]] = {
            "STARTING": self._start,
            "RUNNING": self._keep,
            "STOPPING": self._stop,
        }

    def start(self) -> None:
        """Looks after the models from now on, in the background."""
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def look_now(self) -> None:
        """A model is to be started or stopped."""
        self._wake.set()

    @contextmanager
    def asked(self, version: ProjectVersion) -> Iterator[OpenedModel]:
        """A running model for one request, within its inference units; raises BusyError, or
        UnusableModelError, and then the model has failed."""
        units = self._units.setdefault(version.key, InferenceUnits(self._terms.unit))
        with units.taken(version.max_units or version.min_units or 1):
            self._used[version.key] = time.time()
            try:
                opened = self.open(version)
            except ElsewhereError:
                raise
            except UnusableModelError as error:
                self._become(version, "RUNNING", "FAILED", str(error))
                raise
            yield opened

    def open(self, version: ProjectVersion) -> OpenedModel:
        """Any trained model, for those that need not be started, too; raises UnusableModelError."""
        learnt_on = self._elsewhere.get(version.key)
        if learnt_on is not None and self._neighbours.have(learnt_on, version.key):
            raise ElsewhereError(learnt_on)
        return self._opened.get(version.key, lambda: self._read(version))

    def forget(self, version: ProjectVersion) -> None:
        self._opened.forget(version.key)

    def start_on_demand(self, version: ProjectVersion) -> ProjectVersion:
        """The version, running if the settings allow it and it can be started."""
        if not self._terms.on_demand:
            return version
        with self._store.write() as rows:
            if rows.versions.become(version, STARTABLE, "STARTING", STARTING):
                rows.versions.set_units(version, version.min_units or 1, version.max_units)
            version = rows.versions.by_key(version.key) or version
        if version.status != "STARTING":
            return version
        self._start(version)
        with self._store.read() as rows:
            return rows.versions.by_key(version.key) or version

    def look(self) -> None:
        """Does what the rows ask for, once."""
        with self._store.read() as rows:
            found = rows.versions.with_status([*self._steps])
        for version in found:
            self._steps[version.status](version)
        wanted = {version.key for version in found if version.status != "STOPPING"}
        for key in set(self._used) - wanted:
            self._opened.forget(key)
            self._used.pop(key, None)
            self._units.pop(key, None)
        for key in set(self._elsewhere) - wanted:
            self._elsewhere.pop(key, None)

    def _watch(self) -> None:
        while not self._closing:
            pause = SECONDS_BETWEEN_LOOKS
            try:
                self._neighbours.beat()
                self.look()
            except Exception:
                # A full disk, a busy or restarting database: the next look must come.
                log.exception("starting and stopping models is held up, and tried again")
                pause = SECONDS_AFTER_A_FAULT
            self._wake.wait(pause)
            self._wake.clear()

    def _start(self, version: ProjectVersion) -> None:
        self._used.setdefault(version.key, 0.0)
        try:
            self.open(version)
        except ElsewhereError:
            return  # it is started there
        except UnusableModelError as error:
            log.warning("model cannot be started", version=version.key, reason=str(error))
            self._become(version, "STARTING", "FAILED", str(error))
        except StoreError:
            raise
        except Exception:
            # Nobody expected it, and nobody must wait for it: the other models come next.
            log.exception("model cannot be started", version=version.key)
            self._become(version, "STARTING", "FAILED", UNEXPECTED)
        else:
            self._become(version, "STARTING", "RUNNING", RUNNING)

    def _keep(self, version: ProjectVersion) -> None:
        """Notes that it was used, or stops it if it was not for too long."""
        here, known = self._used.get(version.key, 0.0), version.used_at or version.created_at
        lag, idle = self._terms.use_seconds, self._terms.idle_seconds
        if here > known + lag:
            with self._store.write() as rows:
                rows.versions.used(version)
        elif idle and time.time() > known + idle + lag:
            self._become(version, "RUNNING", "STOPPING", STOPPING)
            self._stop(version)

    def _stop(self, version: ProjectVersion) -> None:
        """Requests that are under way come to their end."""
        self._opened.forget(version.key)
        self._become(version, "STOPPING", "STOPPED", STOPPED)

    def _become(
        self, version: ProjectVersion, expected: VersionStatus, status: VersionStatus, message: str
    ) -> None:
        with self._store.write() as rows:
            if rows.versions.become(version, [expected], status, message) and status == "RUNNING":
                rows.versions.used(version)

    def _read(self, version: ProjectVersion) -> OpenedModel:
        try:
            with self._store.read() as rows:
                content = rows.versions.content(version)
            model = open_custom_model(content, self._models, self._runtime, trusted=True)
            thresholds = thresholds_of(version)
        except NotFound as error:
            raise UnusableModelError("The file of the model is not there.") from error
        except ModelFileError as error:
            raise UnusableModelError(f"The file of the model is damaged: {error}.") from error
        except OtherFeaturesError as error:
            if self._neighbours.have(error.learnt_on, version.key):
                self._elsewhere[version.key] = error.learnt_on
                raise ElsewhereError(error.learnt_on) from error
            raise UnusableModelError(str(error)) from error
        return OpenedModel(model, thresholds, len(content))
