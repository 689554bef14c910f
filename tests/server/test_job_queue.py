"""What the queue needs of the database that lies below it."""

import time

import sqlalchemy

from openrekog.server.jobs import queue  # noqa: F401 - it listens to every engine that is made


def test_any_sqlite_tells_the_time_as_dbos_asks_for_it() -> None:
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        now = connection.scalar(sqlalchemy.text("SELECT unixepoch('subsec') * 1000"))
    assert abs(now / 1000 - time.time()) < 5
