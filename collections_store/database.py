"""The engine: how SQLite and PostgreSQL are opened, how a transaction begins, and which database
errors mean something to a caller."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from openrekog.collections_store.errors import (
    Busy,
    StorageFull,
    StoreError,
    Unavailable,
    UnusableDatabase,
)

FULL = "the disk is full"
LOCKED = "another writer holds the database"
AWAY = "the database cannot be reached"

# https://sqlite.org/rescode.html; without an extended code in the low byte's place there is none.
# A quota and a size limit reach SQLite as a failed write, not as a full disk.
SQLITE_ERRORS = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: (StorageFull, FULL),
        sqlite3.SQLITE_IOERR_WRITE: (StorageFull, FULL),
        sqlite3.SQLITE_IOERR_FSYNC: (StorageFull, FULL),
        sqlite3.SQLITE_IOERR_SHMSIZE: (StorageFull, FULL),
        sqlite3.SQLITE_BUSY: (Busy, LOCKED),
        sqlite3.SQLITE_BUSY_SNAPSHOT: (Busy, LOCKED),
        sqlite3.SQLITE_BUSY_RECOVERY: (Busy, LOCKED),
        sqlite3.SQLITE_LOCKED: (Busy, LOCKED),
    }
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_ERRORS = MappingProxyType(
    {
        "53100": (StorageFull, FULL),
        "55P03": (Busy, LOCKED),
        "40001": (Busy, LOCKED),
        "40P01": (Busy, LOCKED),
        # It is stopped, or starts, or takes no more connections.
        "57P01": (Unavailable, AWAY),
        "57P02": (Unavailable, AWAY),
        "57P03": (Unavailable, AWAY),
        "53300": (Unavailable, AWAY),
    }
)


class Database:
    """Connections with one transaction each: a snapshot to read, or the writer."""

    def __init__(self, url: str, *, busy_timeout: float) -> None:
        parsed = make_url(url)
        self._sqlite = parsed.get_backend_name() == "sqlite"
        if self._sqlite and parsed.database in (None, "", ":memory:"):
            raise UnusableDatabase(f"{url} is a database in memory; the store needs a file")
        self._busy_timeout = busy_timeout
        # SQLite lets one writer in and makes the others poll; a lock lets the threads of this
        # process queue, and leaves only other processes to the busy timeout.
        self._writer = threading.Lock()
        self.engine = create_engine(
            parsed,
            connect_args=self._connect_args(),
            # As many connections as threads ask: the server bounds its threads.
            pool_size=8,
            max_overflow=-1,
            pool_pre_ping=not self._sqlite,
        )
        event.listen(self.engine, "handle_error", _translate, retval=True)
        if self._sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def _connect_args(self) -> dict[str, Any]:
        if self._sqlite:
            return {"timeout": self._busy_timeout}
        return {"options": f"-c lock_timeout={int(self._busy_timeout * 1000)}"}

    def check(self) -> None:
        """Connects once, so that a database that is not there is told at once."""
        give_up = time.monotonic() + self._busy_timeout
        while True:
            try:
                return self.engine.connect().close()
            except Busy:
                # SQLite's own wait is not for the switch to WAL: of several processes that make
                # the file together, all but one are told at once that it is locked.
                if time.monotonic() >= give_up:
                    raise
                time.sleep(0.02)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if not self._sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if not self._sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        if not self._writer.acquire(timeout=self._busy_timeout):
            raise Busy(LOCKED)
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(immediate=True)
                with connection.begin():
                    yield connection
        finally:
            self._writer.release()

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A write that no other process does at the same time: for migrations."""
        with self.write() as connection:
            if not self._sqlite:
                # Any number will do, as long as every process takes the same.
                connection.execute(text("SELECT pg_advisory_xact_lock(7306086967235829347)"))
            yield connection

    def scrub(self) -> None:
        """Empties SQLite's log, where pages lie as they were before a deletion overwrote them; not
        while a reader needs it. PostgreSQL does so by itself, when it vacuums."""
        if self._sqlite:
            with self.engine.connect() as connection:
                autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                autocommit.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def opening(url: str) -> Iterator[None]:
    """Names what is wrong with a URL or with the database behind it; never a password."""
    try:
        yield
    except ArgumentError as error:
        raise UnusableDatabase(f"the database URL cannot be used: {error}") from error
    except ModuleNotFoundError as error:
        raise UnusableDatabase(
            f"{make_url(url).drivername} needs the module {error.name}, which is not installed; "
            "for PostgreSQL install openrekog[postgres]"
        ) from error
    except (DBAPIError, Unavailable) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
        raise UnusableDatabase(f"{make_url(url)!r} cannot be used: {cause}") from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver begins transactions on its own, late and deferred; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        # WAL with NORMAL may lose the last commits at a power cut; FULL does not.
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted is overwritten: faces are not to be read from the file's free pages.
        "secure_delete=ON",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    # A deferred transaction that wants to write later can fail at once, with no wait.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _translate(context: ExceptionContext) -> BaseException | None:
    """The store's own error, or None for one that SQLAlchemy may raise as it is."""
    known = _meaning(context.original_exception)
    if known is None and _is_cut_off(context):
        known = Unavailable, AWAY
    if known is None:
        return None
    error, message = known
    return error(message)


def _is_cut_off(context: ExceptionContext) -> bool:
    """Whether a connection was lost, or there could be none: then the server did not speak."""
    unanswered = getattr(context.original_exception, "sqlstate", "") is None
    return context.is_disconnect or (
        unanswered and isinstance(context.sqlalchemy_exception, OperationalError)
    )


def _meaning(error: BaseException) -> tuple[type[StoreError], str] | None:
    if isinstance(error, sqlite3.Error):
        # Raised by the driver itself, an error has no code of SQLite's.
        return SQLITE_ERRORS.get(getattr(error, "sqlite_errorcode", -1))
    return POSTGRESQL_ERRORS.get(getattr(error, "sqlstate", None) or "")
