"""Rate limits by account and operation, or operation group: a token bucket each."""

import threading
import time
from collections.abc import Callable, Mapping

from openrekog.api_spec import errors
from openrekog.api_spec.service import Operation


class TokenBucket:
    """Holds up to one second's worth of tokens, and one token at least."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._size = max(rate, 1.0)
        self._tokens = self._size
        self._clock = clock
        self._filled = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = self._clock()
            self._tokens = min(self._size, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class RateLimits:
    """The limits of the settings; an operation named itself is not counted in its group."""

    def __init__(
        self,
        rates: Mapping[str, float],
        operations: Mapping[str, Operation],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        groups = {operation.group for operation in operations.values()}
        known = {*operations, *groups}
        for name, rate in rates.items():
            if name not in known:
                raise ValueError(
                    f"rate_limits names {name!r}, no operation of the API and none of its groups: "
                    f"{', '.join(sorted(groups))}"
                )
            if not rate > 0:
                raise ValueError(f"rate_limits gives {name!r} the rate {rate}; it must be over 0")
        self._rates = rates
        self._clock = clock
        self._buckets: dict[tuple[str, str], TokenBucket] = {}

    def take(self, account_id: str, operation: Operation) -> None:
        name = operation.name if operation.name in self._rates else operation.group
        rate = self._rates.get(name)
        if rate is None:
            return
        bucket = self._buckets.get((account_id, name))
        if bucket is None:
            # setdefault is atomic: two threads at once still share one bucket.
            fresh = TokenBucket(rate, self._clock)
            bucket = self._buckets.setdefault((account_id, name), fresh)
        if not bucket.take():
            raise errors.Throttling()
