"""Nothing acknowledged is lost, and nothing half-written is seen, however the server ends."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess

CLIENTS = 4
ROUNDS = 3
MOST_MATCHES = 4096
KILLED_AFTER = (0.6, 1.8)  # seconds


@dataclass
class Worker:
    """One client that changes faces and users of its own, and remembers what was acknowledged."""

    number: int
    faces: dict[str, int] = field(default_factory=dict)
    """FaceId to the number of its picture."""
    owned: dict[str, str] = field(default_factory=dict)
    """FaceId to its user."""
    deleted: set[str] = field(default_factory=set)
    users: list[str] = field(default_factory=list)
    in_doubt: tuple[str, frozenset[str]] | None = None
    """What was under way when the server died: it has happened wholly, or not at all."""
    pictures: Iterator[int] = field(init=False)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.pictures = iter(range(self.number * 100_000, (self.number + 1) * 100_000))
        self.chance = random.Random(self.number)

    def work(self, client: Any, stop: threading.Event) -> int:
        """Goes on until the server is gone; how many changes were acknowledged."""
        acknowledged = 0
        while not stop.is_set():
            step = self.chance.choices(
                (self.index, self.delete, self.associate, self.disassociate), (6, 2, 2, 1)
            )[0]
            try:
                step(client)
            except (BotoCoreError, ClientError) as error:
                if isinstance(error, ClientError):
                    raise
                return acknowledged
            self.in_doubt = None
            acknowledged += 1
        return acknowledged

    def index(self, client: Any) -> None:
        picture = next(self.pictures)
        self.in_doubt = ("index", frozenset({str(picture)}))
        answer = client.index_faces(
            CollectionId="people", Image={"Bytes": person(picture)}, ExternalImageId=str(picture)
        )
        self.faces[answer["FaceRecords"][0]["Face"]["FaceId"]] = picture

    def delete(self, client: Any) -> None:
        chosen = self.choose(face for face in self.faces if face not in self.owned)
        if not chosen:
            return
        self.in_doubt = ("delete", frozenset(chosen))
        answer = client.delete_faces(CollectionId="people", FaceIds=chosen)
        assert set(answer["DeletedFaces"]) == set(chosen)
        for face in chosen:
            del self.faces[face]
        self.deleted.update(chosen)

    def associate(self, client: Any) -> None:
        chosen = self.choose(face for face in self.faces if face not in self.owned)
        if not chosen:
            return
        if len(self.users) < 3:
            name = f"user-{self.number}-{len(self.users)}"
            self.in_doubt = ("create", frozenset({name}))
            client.create_user(CollectionId="people", UserId=name)
            self.users.append(name)
        user = self.chance.choice(self.users)
        if sum(owner == user for owner in self.owned.values()) > 80:
            return
        self.in_doubt = ("associate", frozenset(chosen))
        answer = client.associate_faces(
            CollectionId="people", UserId=user, FaceIds=chosen, UserMatchThreshold=0
        )
        assert {one["FaceId"] for one in answer["AssociatedFaces"]} == set(chosen)
        self.owned.update(dict.fromkeys(chosen, user))

    def disassociate(self, client: Any) -> None:
        chosen = self.choose(self.owned)[:1]
        if not chosen:
            return
        self.in_doubt = ("disassociate", frozenset(chosen))
        client.disassociate_faces(
            CollectionId="people", UserId=self.owned[chosen[0]], FaceIds=chosen
        )
        del self.owned[chosen[0]]

    def choose(self, faces: Any) -> list[str]:
        candidates = sorted(faces)
        return self.chance.sample(candidates, min(len(candidates), self.chance.randint(1, 4)))

    def settle(self, stored: dict[str, dict[str, Any]], users: set[str]) -> None:
        """Takes over what the change in doubt has come to, after checking that it is whole."""
        if self.in_doubt is None:
            return
        kind, names = self.in_doubt
        self.in_doubt = None
        if kind == "index":
            self.faces.update(
                {
                    face: int(row["ExternalImageId"])
                    for face, row in stored.items()
                    if row["ExternalImageId"] in names
                }
            )
        elif kind == "create":
            self.users += [name for name in names if name in users]
        elif kind == "delete":
            gone = names - stored.keys()
            assert gone in (frozenset(), names), "half of a deletion"
            for face in gone:
                del self.faces[face]
            self.deleted |= gone
        else:
            owners = {face: stored[face].get("UserId") for face in names}
            assert len({owner is None for owner in owners.values()}) == 1, f"half: {kind}"
            for face, owner in owners.items():
                self.owned.pop(face, None)
                if owner is not None:
                    self.owned[face] = owner


def attack(server: ServerProcess, workers: list[Worker], seconds: float) -> int:
    """Lets the workers work, and kills the server in the middle of it."""
    clients = [server.client(max_pool_connections=1) for _ in workers]
    stop = threading.Event()
    with ThreadPoolExecutor(len(workers)) as pool:
        running = [
            pool.submit(worker.work, client, stop)
            for worker, client in zip(workers, clients, strict=True)
        ]
        time.sleep(seconds)
        server.kill()
        stop.set()
        return sum(one.result() for one in running)


def check(server: ServerProcess, workers: list[Worker]) -> None:
    """Compares what was acknowledged with what every kind of question tells."""
    client = server.client()
    stored: dict[str, dict[str, Any]] = {}
    for page in client.get_paginator("list_faces").paginate(CollectionId="people"):
        stored.update({face["FaceId"]: face for face in page["Faces"]})
    users = {one["UserId"]: one for one in list_users(client)}
    for worker in workers:
        worker.settle(stored, set(users))
    expected = {face: picture for worker in workers for face, picture in worker.faces.items()}
    owned = {face: user for worker in workers for face, user in worker.owned.items()}
    deleted = {face for worker in workers for face in worker.deleted}

    assert {face: int(row["ExternalImageId"]) for face, row in stored.items()} == expected
    assert {face: row["UserId"] for face, row in stored.items() if "UserId" in row} == owned
    assert not deleted & stored.keys()
    assert set(users) == {name for worker in workers for name in worker.users}
    with_faces = set(owned.values())
    assert {name for name, row in users.items() if row["UserStatus"] == "ACTIVE"} == with_faces
    described = client.describe_collection(CollectionId="people")
    assert (described["FaceCount"], described["UserCount"]) == (len(stored), len(users))
    check_searches(client, expected, with_faces)


def list_users(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_users").paginate(CollectionId="people")
    return [user for page in pages for user in page["Users"]]


def check_searches(client: Any, expected: dict[str, int], with_faces: set[str]) -> None:
    """The index tells of the same faces and users as the rows."""
    everything = client.search_faces_by_image(
        CollectionId="people",
        Image={"Bytes": person(0)},
        FaceMatchThreshold=0,
        MaxFaces=MOST_MATCHES,
    )["FaceMatches"]
    assert {match["Face"]["FaceId"] for match in everything} == set(expected)
    some = random.Random(1).sample(sorted(expected), min(len(expected), 25))
    for face in some:
        found = client.search_faces_by_image(
            CollectionId="people", Image={"Bytes": person(expected[face])}, MaxFaces=1
        )
        assert found["FaceMatches"][0]["Face"]["FaceId"] == face
    users = client.search_users_by_image(
        CollectionId="people", Image={"Bytes": person(0)}, UserMatchThreshold=0
    )["UserMatches"]
    assert {match["User"]["UserId"] for match in users} == with_faces


def test_power_cuts_under_load(launch: Any) -> None:
    server = launch()
    server.client().create_collection(CollectionId="people")
    workers = [Worker(number) for number in range(CLIENTS)]
    chance = random.Random(3)
    for _ in range(ROUNDS):
        acknowledged = attack(server, workers, chance.uniform(*KILLED_AFTER))
        assert acknowledged > CLIENTS, "the server was killed before anything happened"
        server.start()
        check(server, workers)
    # And nothing of it depends on how it ended.
    assert server.stop() == 0
    server.start()
    check(server, workers)


def test_an_orderly_end_finishes_what_was_accepted(launch: Any) -> None:
    """SIGTERM under load: every request that was taken is answered, and what is answered holds."""
    server = launch()
    server.client().create_collection(CollectionId="people")
    workers = [Worker(number) for number in range(CLIENTS)]
    clients = [server.client(max_pool_connections=1) for _ in workers]
    stop = threading.Event()
    with ThreadPoolExecutor(len(workers)) as pool:
        running = [
            pool.submit(worker.work, client, stop)
            for worker, client in zip(workers, clients, strict=True)
        ]
        time.sleep(1)
        assert server.stop() == 0
        stop.set()
        assert sum(one.result() for one in running) > CLIENTS
    server.start()
    check(server, workers)
