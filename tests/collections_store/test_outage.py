"""A database that goes away: what a caller is told, and that it is found again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from openrekog.collections_store.errors import Unavailable, UnusableDatabase
from openrekog.collections_store.store import Scope, Store
from tests.acceptance.outages import line_to


def write(store: Store, scope: Scope, meanwhile: Callable[[], None]) -> None:
    with store.write() as rows:
        rows.jobs.create(scope, "FaceDetection", "{}", source="{}", tag=None)
        meanwhile()


def test_a_lost_database_is_told_and_found_again(
    postgresql: Callable[[], str], tmp_path: Path, scope: Scope
) -> None:
    url = make_url(postgresql())
    with line_to(Path(str(url.query["host"])) / ".s.PGSQL.5432") as line:
        there = url.set(host="127.0.0.1", port=line.port, query={})
        through = there.render_as_string(hide_password=False)
        store = Store.open(through, tmp_path / "index", housekeeping_interval=None)
        with pytest.raises(Unavailable):
            write(store, scope, line.cut)
        with pytest.raises(Unavailable), store.read() as rows:
            rows.jobs.newest(1)
        with pytest.raises(UnusableDatabase, match="refused"):
            Store.open(through, tmp_path / "index", housekeeping_interval=None)
        line.mend()
        with store.read() as rows:
            assert rows.jobs.newest(1) == []
        store.close()
