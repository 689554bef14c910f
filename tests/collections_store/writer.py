"""A process that writes until it is killed, and says after each commit what it has stored.

python writer.py URL INDEX_FOLDER THREADS
"""

import json
import os
import sys
import threading
from pathlib import Path

import numpy as np

from openrekog.collections_store.errors import AlreadyExists
from openrekog.collections_store.index import shelf
from openrekog.collections_store.store import NewFace, Scope, Store

SCOPE = Scope("111122223333", "eu-central-1")
DIMENSION = 16

# Indexes are saved all the time, so that a kill also meets half-written files.
shelf.SAVE_FROM = 1


def say(line: dict[str, object]) -> None:
    # One write a line, so that a kill never mixes or halves an acknowledgement.
    os.write(sys.stdout.fileno(), json.dumps(line).encode() + b"\n")


def unit(seed: int) -> np.ndarray:
    numbers = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(numbers / np.linalg.norm(numbers), np.float32)


def work(store: Store, number: int) -> None:
    user = f"user-{number}"
    with store.write() as rows:
        collection = rows.collections.get(SCOPE, "staff")
        rows.users.create(collection, user)
    turn = 0
    while True:
        turn += 1
        image = f"{os.getpid()}-{number}-{turn}"
        say({"begins": image})
        boxes = ((0.1, 0.1, 0.2, 0.2), (0.6, 0.1, 0.2, 0.2))
        faces = [NewFace(box, 99.0, unit(turn)) for box in boxes]
        with store.write() as rows:
            first, second = rows.faces.add(collection, image, None, faces)
        say({"stored": [first.face_id, second.face_id], "image": image})
        say({"deletes": second.face_id})
        with store.write() as rows:
            rows.faces.delete(collection, [second.face_id])
        say({"deleted": second.face_id})
        if turn % 5 == 0:
            with store.write() as rows:
                done = rows.users.associate(collection, user, [first.face_id], -1).done
            say({"associated": done, "user": user})
        if turn % 3 == 0:
            store.search_faces(collection, unit(turn)[None], 5, 0)


def main(url: str, folder: str, threads: str) -> None:
    store = Store.open(url, Path(folder), housekeeping_interval=0.02)
    try:
        with store.write() as rows:
            rows.collections.create(
                SCOPE, "staff", face_model="m", face_model_version="1", dimension=DIMENSION
            )
    except AlreadyExists:
        pass
    workers = [threading.Thread(target=work, args=(store, n)) for n in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
