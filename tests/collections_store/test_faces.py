from collections.abc import Callable

import numpy as np
import pytest

from openrekog.collections_store.errors import InvalidVector, NotFound, QuotaExceeded
from openrekog.collections_store.store import (
    Collection,
    DeletionFailure,
    NewFace,
    Store,
    StoredFace,
    Vectors,
)

Add = Callable[..., list[str]]
Unit = Callable[..., Vectors]


def two_faces(unit: Unit) -> list[NewFace]:
    first, second = unit(2)
    return [
        NewFace((0.1, 0.1, 0.2, 0.3), 99.5, first),
        NewFace((0.6, 0.1, 0.2, 0.3), 98.5, second),
    ]


def test_a_face_comes_back_as_it_was_stored(
    store: Store, collection: Collection, unit: Unit
) -> None:
    with store.write() as rows:
        stored = rows.faces.add(collection, "image", "door:7", two_faces(unit))
    with store.read() as rows:
        found = [rows.faces.get(collection, face.face_id) for face in stored]
        vector = rows.faces.vector(collection, stored[1].face_id)
    assert found == stored
    assert stored[0] == StoredFace(
        face_id=stored[0].face_id,
        image_id="image",
        external_image_id="door:7",
        box=(0.1, 0.1, 0.2, 0.3),
        confidence=99.5,
        user_id=None,
        face_model_version="7.0",
    )
    # Half precision keeps eleven bits.
    np.testing.assert_allclose(vector, unit(2)[1], rtol=2**-11)


@pytest.mark.parametrize(
    ("image_id", "external_image_id", "shift", "new"),
    [
        ("image", "door:7", 0.0, 0),
        ("image", "door:7", 0.005, 0),
        ("image", "door:7", 0.2, 2),
        ("image", None, 0.0, 2),
        ("image", "door:8", 0.0, 2),
        ("other", "door:7", 0.0, 2),
    ],
    ids=["same", "hardly moved", "elsewhere", "no external id", "other external id", "other image"],
)
def test_the_same_face_of_the_same_image_is_stored_once(
    store: Store,
    collection: Collection,
    unit: Unit,
    image_id: str,
    external_image_id: str | None,
    shift: float,
    new: int,
) -> None:
    faces = two_faces(unit)
    moved = [
        NewFace((face.box[0] + shift, *face.box[1:]), face.confidence, face.vector)
        for face in faces
    ]
    with store.write() as rows:
        first = rows.faces.add(collection, "image", "door:7", faces)
    with store.write() as rows:
        again = rows.faces.add(collection, image_id, external_image_id, moved)
        count = rows.collections.get(collection.scope, "staff").face_count
    assert count == 2 + new
    assert (again == first) is (new == 0)


def test_a_deleted_face_can_be_stored_again(
    store: Store, collection: Collection, unit: Unit
) -> None:
    with store.write() as rows:
        old = rows.faces.add(collection, "image", None, two_faces(unit))
        rows.faces.delete(collection, [face.face_id for face in old])
    with store.write() as rows:
        new = rows.faces.add(collection, "image", None, two_faces(unit))
    assert not {face.face_id for face in old} & {face.face_id for face in new}


@pytest.mark.parametrize(
    ("vector", "face_model", "words"),
    [
        (np.ones(8, np.float32) / np.sqrt(8), None, "16 numbers, not of 8"),
        (np.ones(16, np.float32), None, "unit length"),
        (np.full(16, np.nan, np.float32), None, "unit length"),
        (np.eye(16, dtype=np.float32)[0], "arcface", "not of 'arcface'"),
    ],
    ids=["dimension", "length", "nan", "model"],
)
def test_a_vector_that_does_not_belong_is_refused(
    store: Store,
    collection: Collection,
    vector: Vectors,
    face_model: str | None,
    words: str,
) -> None:
    face = NewFace((0, 0, 1, 1), 99, vector)
    with pytest.raises(InvalidVector, match=words), store.write() as rows:
        rows.faces.add(collection, "image", None, [face], face_model=face_model)
    with pytest.raises(InvalidVector, match=words):
        store.search_faces(collection, vector[None], 1, 0, face_model=face_model)
    assert store.face_total() == 0


def test_quota(
    open_store: Callable[..., Store], create: Callable[..., Collection], add: Add
) -> None:
    store = open_store(max_faces=3)
    collection = create(store)
    kept = add(store, collection, 3)
    with pytest.raises(QuotaExceeded) as caught:
        add(store, collection, 1)
    assert caught.value.limit == 3
    with store.write() as rows:
        rows.faces.delete(collection, kept[:1])
    add(store, collection, 1)
    assert store.face_total() == 3


def test_listing_and_its_filters(store: Store, collection: Collection, add: Add) -> None:
    faces = add(store, collection, 5)
    with store.write() as rows:
        rows.users.create(collection, "ann")
        rows.users.associate(collection, "ann", [faces[3], faces[1]], -1)
    with store.read() as rows:

        def ids(**filters: object) -> list[str]:
            found = rows.faces.list(collection, 10, None, **filters)  # type: ignore[arg-type]
            return [face.face_id for face in found.items]

        assert ids() == faces
        assert ids(user_id="ann") == [faces[1], faces[3]]
        assert ids(user_id="bob") == []
        assert ids(face_ids=[faces[4], faces[0], "none"]) == [faces[0], faces[4]]
        assert ids(user_id="ann", face_ids=faces[:2]) == [faces[1]]
        pages = [rows.faces.list(collection, 2)]
        while pages[-1].after is not None:
            pages.append(rows.faces.list(collection, 2, pages[-1].after))
        assert [len(page.items) for page in pages] == [2, 2, 1]
        assert [face.face_id for page in pages for face in page.items] == faces
        owners = {face.face_id: face.user_id for page in pages for face in page.items}
        assert owners == {name: "ann" if name in (faces[1], faces[3]) else None for name in faces}


def test_a_page_of_no_rows_goes_on_from_the_beginning(
    store: Store, collection: Collection, add: Add
) -> None:
    add(store, collection, 1)
    with store.read() as rows:
        assert rows.faces.list(collection, 0) == ([], 0)


def test_delete_tells_what_it_left(store: Store, collection: Collection, add: Add) -> None:
    faces = add(store, collection, 4)
    with store.write() as rows:
        rows.users.create(collection, "ann")
        rows.users.associate(collection, "ann", [faces[1]], -1)
    with store.write() as rows:
        done = rows.faces.delete(collection, [faces[2], "none", faces[1], faces[2], faces[0]])
    assert done.deleted == [faces[2], faces[0]]
    assert done.failures == [
        DeletionFailure("none", "FACE_NOT_FOUND"),
        DeletionFailure(faces[1], "ASSOCIATED_TO_AN_EXISTING_USER", "ann"),
    ]
    with store.read() as rows:
        assert [face.face_id for face in rows.faces.list(collection, 10).items] == [
            faces[1],
            faces[3],
        ]
        assert rows.collections.get(collection.scope, "staff").face_count == 2
        with pytest.raises(NotFound):
            rows.faces.vector(collection, faces[0])
    with store.write() as rows:
        assert rows.faces.delete(collection, [faces[0]]).failures == [
            DeletionFailure(faces[0], "FACE_NOT_FOUND")
        ]


def test_an_exception_undoes_the_whole_block(
    store: Store, collection: Collection, add: Add, unit: Unit
) -> None:
    kept = add(store, collection, 1)

    def break_off() -> None:
        with store.write() as rows:
            rows.faces.add(collection, "image", None, two_faces(unit))
            rows.faces.delete(collection, kept)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with store.read() as rows:
        assert [face.face_id for face in rows.faces.list(collection, 10).items] == kept
        assert rows.collections.get(collection.scope, "staff").face_count == 1
    assert [m.face.face_id for m in store.search_faces(collection, unit(1), 9, -1)[0]] == kept


def test_reading_is_of_one_moment(store: Store, collection: Collection, add: Add) -> None:
    with store.read() as rows:
        before = rows.faces.list(collection, 10)
        add(store, collection, 2)
        assert rows.faces.list(collection, 10) == before


def test_a_write_needs_a_write_transaction(
    store: Store, collection: Collection, unit: Unit
) -> None:
    with pytest.raises(RuntimeError), store.read() as rows:
        rows.faces.add(collection, "image", None, two_faces(unit))
