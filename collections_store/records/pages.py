"""Listings, a page at a time."""

from typing import Generic, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")

Position: TypeAlias = int
"""Where a listing goes on: the key of the last row that was given out; 0 is the beginning."""


class Page(NamedTuple, Generic[T]):
    """Some rows of a listing, and where the next page begins, or None after the last."""

    items: list[T]
    after: Position | None
