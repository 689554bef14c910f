"""A loaded model as its callers see it, whatever runs it."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]

Feeds = Mapping[str, Array]
"""Input names to arrays; the first axis is the batch."""

Shape = tuple[int | str | None, ...]
"""Sizes of a tensor: a number is fixed, a name or None is free."""


class Session(Protocol):
    """Safe to call from any thread."""

    name: str
    provider: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]

    def run(self, feeds: Feeds) -> list[Array]:
        """The outputs in the order of `outputs`. Callers keep to a few input shapes: memory grows
        with each new one."""
