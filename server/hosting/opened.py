"""The custom models that this process has in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from openrekog.models.custom.learning import CustomModel


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """`thresholds` are the confidences, 0..100, from which a label is taken to be there."""

    model: CustomModel
    thresholds: Mapping[str, float]
    size_bytes: int


@dataclass(slots=True)
class _Place:
    opened: OpenedModel | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size_bytes(self) -> int:
        return self.opened.size_bytes if self.opened else 0


@dataclass(slots=True)
class OpenedModels:
    """By key of their version; those not asked for longest make room. What is forgotten while it
    answers is freed when it has answered."""

    limit_bytes: int
    _places: OrderedDict[int, _Place] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: int, open_model: Callable[[], OpenedModel]) -> OpenedModel:
        """Opened by the first who asks, while others wait for it."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
        with place.opening:
            if place.opened is None:
                place.opened = open_model()
                self._make_room()
            return place.opened

    def forget(self, key: int) -> None:
        with self._lock:
            self._places.pop(key, None)

    def _make_room(self) -> None:
        with self._lock:
            used = sum(place.size_bytes for place in self._places.values())
            while used > self.limit_bytes and len(self._places) > 1:
                _, place = self._places.popitem(last=False)
                used -= place.size_bytes
