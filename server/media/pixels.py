"""How many decoded pixels may lie in memory at once: a small file can claim a hundred million."""

import threading
import weakref
from typing import Any

from openrekog.api_spec import errors


class PixelBudget:
    """Counts the pixels of living pictures, from any thread.

    What does not fit is refused and not waited for: two requests that each hold one picture and
    wait for room for their second would wait for each other.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self.used = 0

    def take(self, count: int) -> None:
        """Raises ProvisionedThroughputExceeded, or ImageTooLarge for what would never fit, and
        would be waited for for ever."""
        if count > self._limit:
            raise errors.ImageTooLarge("Image size is too large.")
        with self._lock:
            if self.used + count > self._limit:
                raise errors.ProvisionedThroughputExceeded()
            self.used += count

    def give_back(self, count: int) -> None:
        with self._lock:
            self.used -= count

    def give_back_with(self, picture: Any, count: int) -> None:
        """Gives the pixels back when nobody holds `picture` any more."""
        weakref.finalize(picture, self.give_back, count).atexit = False
