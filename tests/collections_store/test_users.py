from collections.abc import Callable

import numpy as np
import pytest

from openrekog.collections_store.errors import AlreadyExists, NotFound, QuotaExceeded
from openrekog.collections_store.store import (
    Association,
    AssociationFailure,
    Collection,
    Store,
    StoredUser,
    Vectors,
)

Add = Callable[..., list[str]]
Unit = Callable[..., Vectors]


def basis(*directions: int) -> Vectors:
    return np.eye(16, dtype=np.float32)[list(directions)]


def test_users_are_unique_in_a_collection(
    store: Store, collection: Collection, create: Callable[..., Collection]
) -> None:
    other = create(store, "guests")
    with store.write() as rows:
        assert rows.users.create(collection, "ann") == StoredUser("ann", 0)
        assert rows.users.create(other, "ann").status == "CREATED"
    with pytest.raises(AlreadyExists), store.write() as rows:
        rows.users.create(collection, "ann")
    with store.write() as rows:
        assert rows.collections.get(collection.scope, "staff").user_count == 1
        rows.users.delete(collection, "ann")
        rows.users.create(collection, "ann")


def test_listing_goes_on_where_it_stopped(store: Store, collection: Collection) -> None:
    with store.write() as rows:
        for name in ("zoe", "ann", "bob"):
            rows.users.create(collection, name)
        first = rows.users.list(collection, 2)
        second = rows.users.list(collection, 2, first.after)
    assert [user.user_id for user in first.items + second.items] == ["zoe", "ann", "bob"]
    assert second.after is None


def test_the_vector_of_a_user_is_the_pooled_one_of_its_faces(
    store: Store, collection: Collection, add: Add
) -> None:
    faces = add(store, collection, basis(0, 1, 2))
    with store.write() as rows:
        rows.users.create(collection, "ann")
        assert rows.users.vectors(collection, "ann").shape == (0, 16)
        done = rows.users.associate(collection, "ann", faces[:2], 0.9)
        assert done == Association(faces[:2], [], "ACTIVE")
        np.testing.assert_allclose(
            rows.users.vectors(collection, "ann"), [(basis(0) + basis(1))[0] / np.sqrt(2)], 1e-3
        )
        done = rows.users.disassociate(collection, "ann", faces[:1])
        assert done == Association(faces[:1], [], "ACTIVE")
        np.testing.assert_array_equal(rows.users.vectors(collection, "ann"), basis(1))
        done = rows.users.disassociate(collection, "ann", faces[1:2])
        assert done == Association(faces[1:2], [], "CREATED")
        assert rows.users.vectors(collection, "ann").shape == (0, 16)
        assert rows.users.get(collection, "ann") == StoredUser("ann", 0)


def test_faces_that_cannot_be_associated(store: Store, collection: Collection, add: Add) -> None:
    near = np.asarray([basis(0)[0] * 0.8 + basis(1)[0] * 0.6], np.float32)
    mine, like, unlike, others = add(
        store, collection, np.concatenate([basis(0), near, basis(2), basis(3)])
    )
    with store.write() as rows:
        for name in ("ann", "bob"):
            rows.users.create(collection, name)
        rows.users.associate(collection, "bob", [others], 0.9)
        # The first faces of a user are taken whatever they look like.
        assert rows.users.associate(collection, "ann", [mine], 0.9).failures == []
        done = rows.users.associate(
            collection, "ann", [unlike, mine, "none", like, others, like], 0.7
        )
    assert done.done == [like]
    assert done.failures == [
        AssociationFailure(unlike, "LOW_MATCH_CONFIDENCE", cosine=0.0),
        AssociationFailure("none", "FACE_NOT_FOUND"),
        AssociationFailure(others, "ASSOCIATED_TO_A_DIFFERENT_USER", "bob"),
    ]
    with store.read() as rows:
        assert rows.users.get(collection, "ann").face_count == 2
        assert rows.faces.get(collection, like).user_id == "ann"
        assert rows.faces.get(collection, unlike).user_id is None


def test_faces_that_cannot_be_disassociated(store: Store, collection: Collection, add: Add) -> None:
    mine, free, others = add(store, collection, 3)
    with store.write() as rows:
        for name, face in (("ann", mine), ("bob", others)):
            rows.users.create(collection, name)
            rows.users.associate(collection, name, [face], -1)
        done = rows.users.disassociate(collection, "ann", [free, others, "none"])
    assert done == Association(
        [],
        [
            AssociationFailure(others, "ASSOCIATED_TO_A_DIFFERENT_USER", "bob"),
            AssociationFailure("none", "FACE_NOT_FOUND"),
        ],
        "ACTIVE",
    )


def test_quota_of_a_user(store: Store, collection: Collection, add: Add) -> None:
    faces = add(store, collection, 4)
    with store.write() as rows:
        rows.users.create(collection, "ann")
        rows.users.associate(collection, "ann", faces[:2], -1, max_faces=3)
    with store.write() as rows:
        # Those that are associated already take no more room.
        done = rows.users.associate(collection, "ann", faces, -1, max_faces=3)
    assert done.done == [faces[2]]
    assert done.failures == [AssociationFailure(faces[3], None)]
    with pytest.raises(QuotaExceeded), store.write() as rows:
        rows.users.associate(collection, "ann", faces[3:], -1, max_faces=3)
    with store.write() as rows:
        assert rows.users.associate(collection, "ann", faces[:3], -1, max_faces=3).done == []
        assert rows.users.get(collection, "ann").face_count == 3


def test_deleting_a_user_frees_its_faces(store: Store, collection: Collection, add: Add) -> None:
    faces = add(store, collection, 2)
    with store.write() as rows:
        rows.users.create(collection, "ann")
        rows.users.associate(collection, "ann", faces, -1)
    with store.write() as rows:
        rows.users.delete(collection, "ann")
    with store.write() as rows:
        assert rows.collections.get(collection.scope, "staff").user_count == 0
        assert rows.faces.delete(collection, faces).deleted == faces


@pytest.mark.parametrize("verb", ["get", "delete", "vectors"])
def test_an_unknown_user(store: Store, collection: Collection, verb: str) -> None:
    with pytest.raises(NotFound) as caught, store.write() as rows:
        getattr(rows.users, verb)(collection, "ann")
    assert (caught.value.kind, caught.value.name) == ("user", "ann")


def test_search_finds_users_by_what_they_are_now(
    store: Store, collection: Collection, add: Add
) -> None:
    faces = add(store, collection, basis(0, 1, 2))
    with store.write() as rows:
        for name, face in zip(("ann", "bob", "cat"), faces, strict=True):
            rows.users.create(collection, name)
            if name != "cat":
                rows.users.associate(collection, name, [face], -1)

    def found(direction: int) -> dict[str, float]:
        [matches] = store.search_users(collection, basis(direction), 10, 0.1)
        return {match.user.user_id: round(match.cosine, 2) for match in matches}

    assert found(0) == {"ann": 1.0}
    assert found(2) == {}
    with store.write() as rows:
        rows.users.associate(collection, "ann", [faces[2]], -1)
        rows.users.disassociate(collection, "bob", [faces[1]])
    assert found(0) == {"ann": 0.71}
    assert found(1) == {}
    with store.write() as rows:
        rows.users.delete(collection, "ann")
    assert found(0) == {}
    assert store._shelf.stats().vectors == 0
