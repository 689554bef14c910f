"""What a server keeps, opened by a command; a server may be running."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from openrekog.server.commands.messages import fail, read_settings

if TYPE_CHECKING:
    from openrekog.collections_store.store import Store


@contextmanager
def opened_store(data_dir: Path | None) -> "Iterator[Store]":
    # Loading it takes a second that no other command need wait for.
    from openrekog.server.services import open_store

    settings = read_settings(data_dir=data_dir)
    with told_faults():
        store = open_store(settings, serving=False)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def told_faults() -> Iterator[None]:
    """A wrong setting, a damaged folder or a full disk in words, and exit code 1."""
    from openrekog.collections_store.errors import StoreError
    from openrekog.models.providers import NoProviderError

    try:
        yield
    except (StoreError, NoProviderError, OSError) as error:
        fail(str(error))
