"""The tables of this release, made once: migrations take five times as long as opening a store."""

import tempfile
from functools import cache
from pathlib import Path

from openrekog.collections_store.store import Store


@cache
def sqlite_tables() -> bytes:
    """The file of an empty store."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "store.sqlite"
        make_tables(f"sqlite:///{path}")
        return path.read_bytes()


def make_tables(url: str) -> None:
    with tempfile.TemporaryDirectory() as index:
        Store.open(url, Path(index), housekeeping_interval=None).close()
