from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.store import Collection, NewFace, Scope, Store, Vectors

Create = Callable[..., Collection]
Add = Callable[..., list[str]]


def test_get_returns_what_was_created(store: Store, scope: Scope, create: Create) -> None:
    made = create(store)
    with store.read() as rows:
        found = rows.collections.get(scope, "staff")
    assert found == made
    assert (found.face_model, found.face_model_version, found.dimension) == ("sface", "7.0", 16)
    assert (found.face_count, found.user_count) == (0, 0)


def test_an_id_is_taken_once(store: Store, create: Create) -> None:
    create(store)
    with pytest.raises(AlreadyExists) as caught:
        create(store)
    assert (caught.value.kind, caught.value.name) == ("collection", "staff")


@pytest.mark.parametrize(
    "other",
    [Scope("111122223333", "us-east-1"), Scope("999999999999", "eu-central-1")],
    ids=["region", "account"],
)
def test_another_scope_sees_nothing(store: Store, create: Create, other: Scope) -> None:
    create(store)
    with store.read() as rows:
        assert rows.collections.list(other, 10).items == []
        with pytest.raises(NotFound):
            rows.collections.get(other, "staff")


def test_ids_are_case_sensitive(store: Store, create: Create) -> None:
    assert create(store, "staff").key != create(store, "Staff").key


def test_listing_goes_on_where_it_stopped(store: Store, scope: Scope, create: Create) -> None:
    names = ["c", "a", "b"]
    for name in names:
        create(store, name)
    with store.read() as rows:
        first = rows.collections.list(scope, 2)
        second = rows.collections.list(scope, 2, first.after)
    assert [found.collection_id for found in first.items + second.items] == names
    assert second.after is None


def test_a_full_last_page_ends_the_listing(store: Store, scope: Scope, create: Create) -> None:
    create(store, "a")
    create(store, "b")
    with store.read() as rows:
        assert rows.collections.list(scope, 2).after is None


def test_delete_hides_at_once(store: Store, scope: Scope, create: Create, add: Add) -> None:
    collection = create(store)
    face_id = add(store, collection, 3)[0]
    with store.write() as rows:
        rows.collections.delete(scope, "staff")
    with store.read() as rows:
        assert rows.collections.list(scope, 10).items == []
        with pytest.raises(NotFound):
            rows.collections.get(scope, "staff")
        with pytest.raises(NotFound):
            rows.faces.get(collection, face_id)
        assert rows.faces.list(collection, 10).items == []
    assert store.face_total() == 0
    with pytest.raises(NotFound), store.write() as rows:
        rows.users.create(collection, "ann")


def test_deleting_nothing_is_told(store: Store, scope: Scope) -> None:
    with pytest.raises(NotFound), store.write() as rows:
        rows.collections.delete(scope, "staff")


def test_a_collection_made_again_is_empty(
    store: Store, scope: Scope, create: Create, add: Add, unit: Callable[..., Vectors]
) -> None:
    old = create(store)
    add(store, old, 5)
    assert len(store.search_faces(old, unit(1), 10, -1)[0]) == 5
    with store.write() as rows:
        rows.collections.delete(scope, "staff")
    new = create(store)
    assert store.search_faces(new, unit(1), 10, -1) == [[]]
    with pytest.raises(NotFound):
        store.search_faces(old, unit(1), 10, -1)
    add(store, new, 2)
    store.tidy()
    assert len(store.search_faces(new, unit(1), 10, -1)[0]) == 2
    with store.read() as rows:
        assert rows.collections.get(scope, "staff").face_count == 2


def test_tidying_removes_every_row_and_file_of_a_deleted_collection(
    store: Store, scope: Scope, create: Create, add: Add, tmp_path: Path
) -> None:
    collection = create(store)
    faces = add(store, collection, 3)
    with store.write() as rows:
        rows.users.create(collection, "ann")
        rows.users.associate(collection, "ann", faces, 0)
    files = tmp_path / "index" / str(collection.key) / "faces"
    files.mkdir(parents=True)
    (files / "manifest").write_text("whatever")
    with store.write() as rows:
        rows.collections.delete(scope, "staff")
    store.tidy()
    assert not (tmp_path / "index" / str(collection.key)).exists()
    create(store)
    with store.write() as rows:
        # Were rows left, the database would hold on to them by its foreign keys.
        assert rows.collections.get(scope, "staff").key > collection.key


def test_face_total_counts_every_account(store: Store, create: Create, add: Add) -> None:
    add(store, create(store, "a"), 2)
    add(store, create(store, "b"), 3)
    assert store.face_total() == 5


def test_a_collection_looked_up_to_write_to_is_not_deleted_before(
    store: Store, collection: Collection, unit: Callable[..., Vectors]
) -> None:
    def delete() -> None:
        with store.write() as rows:
            rows.collections.delete(collection.scope, collection.collection_id)

    with ThreadPoolExecutor(1) as other:
        with store.write() as rows:
            found = rows.collections.get(collection.scope, collection.collection_id)
            deletion = other.submit(delete)
            with pytest.raises(TimeoutError):
                deletion.result(timeout=0.3)
            face = NewFace((0.1, 0.2, 0.3, 0.4), 99.0, unit(1)[0])
            assert rows.faces.add(found, "image", None, [face])
        deletion.result(timeout=5)
    with store.read() as rows, pytest.raises(NotFound):
        rows.collections.get(collection.scope, collection.collection_id)
