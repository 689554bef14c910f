"""What the store refuses, with the values that a message needs."""

from collections.abc import Sequence

# ruff: noqa: N818  # these names say what happened, as those of the API's own errors do


class StoreError(Exception):
    """Base of everything that the store raises on purpose."""


class NotFound(StoreError):
    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} does not exist")
        self.kind = kind
        self.name = name


class AlreadyExists(StoreError):
    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} already exists")
        self.kind = kind
        self.name = name


class QuotaExceeded(StoreError):
    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"at most {limit} {what}")
        self.what = what
        self.limit = limit


class Mismatch(StoreError):
    """A request token that was used before, with other parameters."""

    def __init__(self, token: str) -> None:
        super().__init__(f"request token {token!r} was used with other parameters")
        self.token = token


class InUse(StoreError):
    """Something that stands in the way of a deletion or a change."""


class Stale(StoreError):
    """A revision that is not the newest one."""


class InvalidToken(StoreError):
    """A pagination token that was not made here for this listing, or is too old."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidVector(StoreError):
    """An embedding of another model, another dimension, or not of unit length."""


class AmbiguousName(StoreError):
    """Several people of the gallery have this name, and nothing says who of them is meant."""

    def __init__(self, name: str, celebrity_ids: Sequence[str]) -> None:
        super().__init__(
            f"{len(celebrity_ids)} people are called {name}: {', '.join(celebrity_ids)}"
        )


class OtherGallery(StoreError):
    """The gallery has faces, but none of the model that asks."""

    def __init__(self, asking: str, stored: Sequence[str]) -> None:
        super().__init__(
            f"The faces of the gallery of celebrities were made by the model {', '.join(stored)}; "
            f"this server runs {asking}. Import the pictures again with the packs of this server."
        )


class Passing(StoreError):
    """A fault of the moment: the same may succeed later."""


class Busy(Passing):
    """Another writer held the database for too long; the request may be sent again."""


class StorageFull(Passing):
    """The disk took no more; nothing of the request was stored."""


class Unavailable(Passing):
    """The database cannot be reached. What was being committed at that moment may be stored."""


class UnusableDatabase(StoreError):
    """The URL leads to no database, or its driver is not installed."""


class IncompatibleDatabase(StoreError):
    """The database was written by a newer release, or is none of ours."""
