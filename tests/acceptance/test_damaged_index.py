"""An index is a cache: files that are damaged, gone, older or newer than rows cost only time."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from openrekog.collections_store.store import NewFace, Scope, Store
from tests.acceptance.photos import person
from tests.acceptance.servers import ServerProcess

# An index is saved from 10,000 rows on; with fewer it is made anew at every start.
MANY = 12_000

MOST_MATCHES = 4096


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    """A stopped server with a saved index, and a copy of its data."""
    server = ServerProcess(tmp_path_factory.mktemp("saved") / "data").start()
    server.client().create_collection(CollectionId="people")
    server.stop()
    fill(server.data_dir)
    server.start()
    client = server.client()
    for number in range(5):
        client.index_faces(
            CollectionId="people", Image={"Bytes": person(number)}, ExternalImageId=f"p{number}"
        )
    assert server.stop() == 0
    copy = server.data_dir.with_name("copy")
    shutil.copytree(server.data_dir, copy)
    yield server, copy
    server.close()


def fill(data_dir: Path) -> None:
    """Rows put straight into the store, because over HTTP they would take half a minute."""
    store = Store.open(f"sqlite:///{data_dir / 'openrekog.sqlite3'}", data_dir / "index")
    vectors = np.random.default_rng(5).standard_normal((MANY, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with store.write() as rows:
        collection = rows.collections.get(Scope("000000000000", "us-east-1"), "people")
        faces = [
            NewFace((number / MANY, 0, 1e-5, 1e-5), 99.0, v) for number, v in enumerate(vectors)
        ]
        rows.faces.add(collection, "00000000-0000-0000-0000-000000000000", None, faces)
    store.close()


def index_files(data_dir: Path) -> list[Path]:
    return sorted(path for path in (data_dir / "index").rglob("*") if path.is_file())


def each(change: Callable[[Path], object]) -> Callable[[Path], None]:
    def apply(data_dir: Path) -> None:
        for path in index_files(data_dir):
            change(path)

    return apply


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), max(1, len(data) // 7)):
        data[at] ^= 0x55
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "none": lambda data_dir: None,
    "deleted": lambda data_dir: shutil.rmtree(data_dir / "index"),
    "emptied": each(lambda path: path.write_bytes(b"")),
    "cut off": each(lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])),
    "flipped": each(flip),
    "one missing": lambda data_dir: index_files(data_dir)[0].unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_index_makes_itself_anew(
    saved: tuple[ServerProcess, Path], damage: Callable[[Path], None]
) -> None:
    server, copy = saved
    shutil.rmtree(server.data_dir)
    shutil.copytree(copy, server.data_dir)
    assert index_files(server.data_dir), "no index was saved"
    damage(server.data_dir)
    server.start()
    client = server.client()
    assert client.describe_collection(CollectionId="people")["FaceCount"] == MANY + 5
    for number in range(5):
        image = {"Bytes": person(number)}
        found = client.search_faces_by_image(CollectionId="people", Image=image)
        names = [match["Face"].get("ExternalImageId") for match in found["FaceMatches"]]
        assert names == [f"p{number}"]
    nearest = client.search_faces_by_image(
        CollectionId="people",
        Image={"Bytes": person(77)},
        FaceMatchThreshold=0,
        MaxFaces=MOST_MATCHES,
    )["FaceMatches"]
    assert len(nearest) == MOST_MATCHES
    assert server.stop() == 0


def test_an_index_older_than_the_rows(saved: tuple[ServerProcess, Path]) -> None:
    """As after a backup of the database alone: the index has to catch up, or be made anew."""
    server, copy = saved
    shutil.rmtree(server.data_dir)
    shutil.copytree(copy, server.data_dir)
    server.start()
    client = server.client()
    client.index_faces(CollectionId="people", Image={"Bytes": person(9)}, ExternalImageId="newer")
    [gone] = client.search_faces_by_image(CollectionId="people", Image={"Bytes": person(1)})[
        "FaceMatches"
    ]
    client.delete_faces(CollectionId="people", FaceIds=[gone["Face"]["FaceId"]])
    server.stop()
    shutil.rmtree(server.data_dir / "index")
    shutil.copytree(copy / "index", server.data_dir / "index")
    server.start()
    client = server.client()

    def found(number: int) -> list[str]:
        answer = client.search_faces_by_image(
            CollectionId="people", Image={"Bytes": person(number)}
        )
        return [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]]

    assert (found(9), found(1), found(2)) == (["newer"], [], ["p2"])
    server.stop()


def test_rows_older_than_the_index(saved: tuple[ServerProcess, Path]) -> None:
    """As after a restored backup: the index knows faces that are not there any more."""
    server, copy = saved
    shutil.rmtree(server.data_dir)
    shutil.copytree(copy, server.data_dir)
    server.start()
    client = server.client()
    for number in (20, 21):
        client.index_faces(CollectionId="people", Image={"Bytes": person(number)})
    server.stop()
    index = server.data_dir / "index"
    newer = server.data_dir.with_name("newer-index")
    shutil.rmtree(newer, ignore_errors=True)
    shutil.copytree(index, newer)
    shutil.rmtree(server.data_dir)
    shutil.copytree(copy, server.data_dir)
    shutil.rmtree(index)
    shutil.copytree(newer, index)
    server.start()
    client = server.client()
    assert (
        client.search_faces_by_image(CollectionId="people", Image={"Bytes": person(20)})[
            "FaceMatches"
        ]
        == []
    )
    client.index_faces(CollectionId="people", Image={"Bytes": person(22)}, ExternalImageId="x22")
    [match] = client.search_faces_by_image(CollectionId="people", Image={"Bytes": person(22)})[
        "FaceMatches"
    ]
    assert match["Face"]["ExternalImageId"] == "x22"
    server.stop()
