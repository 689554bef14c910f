"""The work that no request should wait for: sweeping, and saving and warming indexes."""

import logging
import threading

from sqlalchemy import false, select

from openrekog.collections_store.catalog import collection_of
from openrekog.collections_store.database import Database
from openrekog.collections_store.feed import RowFeed
from openrekog.collections_store.index.shelf import SAVE_FROM, IndexShelf
from openrekog.collections_store.records import GALLERY
from openrekog.collections_store.session import Session
from openrekog.collections_store.sweep import Sweep
from openrekog.collections_store.tables import collections

log = logging.getLogger(__name__)


class Housekeeping:
    def __init__(self, database: Database, shelf: IndexShelf) -> None:
        self._database = database
        self._shelf = shelf
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, interval: float) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(interval,), name="housekeeping", daemon=True
        )
        self._thread.start()

    def _run(self, interval: float) -> None:
        while not self._closing.wait(interval):
            try:
                self.tidy()
            except Exception:
                # A full disk, a busy database: whatever it is, the next round must come.
                log.exception("housekeeping failed and will be tried again")

    def tidy(self) -> None:
        # Folders first: a folder that is there now belongs to a collection that is stored by now.
        folders = self._shelf.folders()
        while not self._closing.is_set() and self._sweep():
            pass
        with self._database.read() as connection:
            living = connection.scalars(
                select(collections.c.key).where(collections.c.deleted == false())
            ).all()
        self._shelf.forget(set(living), folders)
        self._shelf.save()

    def _sweep(self) -> bool:
        with self._database.write() as connection:
            return Sweep(Session(connection, writing=True)).step()

    def warm(self) -> None:
        with self._database.read() as connection:
            rows = connection.execute(
                select(collections)
                .where(
                    collections.c.deleted == false(),
                    collections.c.account_id != GALLERY.account_id,
                    collections.c.face_count + collections.c.user_count >= SAVE_FROM,
                )
                # The largest is opened last, and so is the last to be dropped for want of memory.
                .order_by(collections.c.face_count)
            ).all()
            for row in rows:
                collection = collection_of(row)
                for kind in ("faces", "users"):
                    self._shelf.open(
                        collection.key,
                        kind,
                        collection.face_model,
                        collection.dimension,
                        RowFeed.of(connection, collection, kind),
                    )

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._shelf.save()
        except OSError:
            # The rows hold everything; the next start takes longer.
            log.exception("an index was not saved at the end")
