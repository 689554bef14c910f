"""Imports two people again and again, killed one write later each time, and says what is there.

python killed_import.py FOLDER

FOLDER holds ann/1.png, ann/2.png, ann/3.png and bob.png. A line of JSON for each round: what a
killed import left, and now and then what the same import made of it.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from openrekog.collections_store.records import CelebrityDetails
from openrekog.server.gallery.imports import importing
from openrekog.server.gallery.lists import Listed
from openrekog.server.settings import Settings

PEOPLE = """
SELECT c.name, c.licence, u.face_count, u.vector IS NOT NULL, count(f.key)
FROM celebrities c
LEFT JOIN users u ON u.user_id = c.celebrity_id AND u.deleted_at IS NULL
LEFT JOIN faces f ON f.user = u.key AND f.vector IS NOT NULL
GROUP BY c.celebrity_id ORDER BY c.name
"""
STRAYS = """
SELECT (SELECT count(*) FROM faces WHERE vector IS NOT NULL AND user IS NULL),
       (SELECT sum(face_count) FROM collections)
         - (SELECT count(*) FROM faces WHERE vector IS NOT NULL),
       (SELECT count(*) FROM users WHERE deleted_at IS NULL
         AND user_id NOT IN (SELECT celebrity_id FROM celebrities))
"""


def first(folder: Path) -> list[Listed]:
    ann = (folder / "ann" / "1.png", folder / "ann" / "2.png")
    return [Listed(CelebrityDetails("Ann", licence="old"), ann, "")]


def second(folder: Path) -> list[Listed]:
    """Ann with one picture kept, one gone and one new; and Bob, who was not there."""
    ann = (folder / "ann" / "2.png", folder / "ann" / "3.png")
    return [
        Listed(CelebrityDetails("Ann", licence="new"), ann, ""),
        Listed(CelebrityDetails("Bob", licence="new"), (folder / "bob.png",), ""),
    ]


def take(data: Path, people: list[Listed], last: int | None) -> bool:
    """In a process of its own, which dies before the write of that number; whether it did."""
    child = os.fork()
    if child == 0:
        with importing(Settings(data_dir=data, packs=("fake",))) as importer:
            if last is not None:
                die_at(last)
            for person in people:
                importer.take(person)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the import failed by itself")
    return os.WIFSIGNALED(status)


def die_at(last: int) -> None:
    numbers = count()

    def step(_connection: Any, _cursor: Any = None, statement: str = "COMMIT", *_: Any) -> None:
        # What only reads changes nothing: to die before it is to die before the next write.
        if not statement.startswith("SELECT") and next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        event.listen(Engine, name, step)


def state(data: Path) -> dict[str, Any]:
    connection = sqlite3.connect(data / "openrekog.sqlite3")
    try:
        return {
            "people": connection.execute(PEOPLE).fetchall(),
            "strays": connection.execute(STRAYS).fetchone(),
        }
    finally:
        connection.close()


def rounds(folder: Path) -> Iterator[dict[str, Any]]:
    with importing(Settings(data_dir=folder / "warm", packs=("fake",))):
        pass  # what is loaded here, no child has to load
    take(folder / "before", first(folder), None)
    for last in count():
        data = folder / "data"
        shutil.copytree(folder / "before", data)
        killed = take(data, second(folder), last)
        left = state(data)
        yield {"killed": killed, "left": left, "then": None}
        if last % 4 == 0:
            take(data, second(folder), None)
            yield {"killed": killed, "left": left, "then": state(data)}
        shutil.rmtree(data)
        if not killed:
            return


if __name__ == "__main__":
    for told in rounds(Path(sys.argv[1])):
        print(json.dumps(told))
