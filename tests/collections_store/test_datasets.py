"""Projects, datasets and policies as rows."""

from collections.abc import Mapping

import pytest
from sqlalchemy import func, select

from openrekog.collections_store import tables
from openrekog.collections_store.errors import AlreadyExists, NotFound, Stale
from openrekog.collections_store.records import (
    Dataset,
    DatasetState,
    EntryFilter,
    LabelCount,
    NewEntry,
    Project,
)
from openrekog.collections_store.store import Scope, Store

MADE = DatasetState("CREATE_COMPLETE", "SUCCESS", "made")
ALL = EntryFilter()


def entry(name: str, labels: Mapping[str, bool] | None = None, *, faulty: bool = False) -> NewEntry:
    document = f'{{"source-ref":"{name}"}}'
    return NewEntry(name, document, {} if labels is None else labels, faulty)


@pytest.fixture
def project(store: Store, scope: Scope) -> Project:
    with store.write() as rows:
        return rows.projects.create(scope, "pets", "CUSTOM_LABELS", None)


@pytest.fixture
def train(store: Store, project: Project) -> Dataset:
    with store.write() as rows:
        return rows.datasets.create(project, "TRAIN", MADE)


@pytest.fixture
def test(store: Store, project: Project) -> Dataset:
    with store.write() as rows:
        return rows.datasets.create(project, "TEST", MADE)


def names(store: Store, dataset: Dataset, shown: EntryFilter = ALL) -> list[str]:
    with store.read() as rows:
        page = rows.entries.list(dataset, shown, 1000)
    return [document[15:-2] for document in page.items]


def test_a_name_is_taken_until_its_project_is_deleted(store: Store, scope: Scope) -> None:
    with store.write() as rows:
        first = rows.projects.create(scope, "pets", "CUSTOM_LABELS", None)
    with pytest.raises(AlreadyExists), store.write() as rows:
        rows.projects.create(scope, "pets", "CONTENT_MODERATION", "ENABLED")
    with store.write() as rows:
        rows.projects.create(Scope(scope.account_id, "elsewhere"), "pets", "CUSTOM_LABELS", None)
        rows.projects.delete(first)
    with store.write() as rows:
        with pytest.raises(NotFound):
            rows.projects.get(scope, "pets", first.stamp)
        second = rows.projects.create(scope, "pets", "CUSTOM_LABELS", None)
    assert second.key != first.key


def test_one_dataset_of_each_type(store: Store, project: Project, train: Dataset) -> None:
    with pytest.raises(AlreadyExists), store.write() as rows:
        rows.datasets.create(project, "TRAIN", MADE)
    with store.write() as rows:
        rows.datasets.delete(train)
        again = rows.datasets.create(project, "TRAIN", MADE)
        assert rows.datasets.of(project) == [again]


def test_the_state_of_a_dataset(store: Store, project: Project, train: Dataset) -> None:
    with store.write() as rows:
        rows.datasets.become(train, DatasetState("UPDATE_FAILED", "CLIENT_ERROR", "why"))
        [found] = rows.datasets.of(project)
    assert found.state == DatasetState("UPDATE_FAILED", "CLIENT_ERROR", "why")
    assert found.updated_at > found.created_at


def test_adding_leaves_what_is_there_and_putting_replaces_it(store: Store, train: Dataset) -> None:
    with store.write() as rows:
        first = [entry("a", {"cat": False}), entry("b", {"dog": True}), entry("a", {"cow": False})]
        assert rows.entries.add(train, first) == 2
        assert rows.entries.add(train, [entry("b", {"cat": True}), entry("c")]) == 1
        assert rows.entries.count(train) == (3, 2, 0, 2)
    assert names(store, train) == ["a", "b", "c"]
    with store.write() as rows:
        changed = [entry("b"), entry("d", {"cow": True}), entry("b", {"cat": True}, faulty=True)]
        rows.entries.put(train, changed)
        assert rows.entries.count(train) == (4, 3, 1, 2)
        assert rows.entries.labels(train, 9).items == [
            LabelCount("cat", 2, 1),
            LabelCount("cow", 1, 1),
        ]
    assert names(store, train) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (ALL, ["s3://b/Cat.jpg", "s3://b/dog.jpg", "s3://b/100%.jpg", "s3://b/1000.jpg"]),
        (EntryFilter(labels=["cat", "cow"]), ["s3://b/Cat.jpg", "s3://b/dog.jpg"]),
        (EntryFilter(labels=["ca"]), []),
        (EntryFilter(labeled=True), ["s3://b/Cat.jpg", "s3://b/dog.jpg"]),
        (EntryFilter(labeled=False), ["s3://b/100%.jpg", "s3://b/1000.jpg"]),
        (EntryFilter(faulty=True), ["s3://b/dog.jpg"]),
        (EntryFilter(faulty=False, labeled=True), ["s3://b/Cat.jpg"]),
        (EntryFilter(source_ref_part="cat"), []),
        (EntryFilter(source_ref_part="Cat"), ["s3://b/Cat.jpg"]),
        (EntryFilter(source_ref_part="100%"), ["s3://b/100%.jpg"]),
    ],
)
def test_filters(store: Store, train: Dataset, shown: EntryFilter, expected: list[str]) -> None:
    with store.write() as rows:
        rows.entries.add(
            train,
            [
                entry("s3://b/Cat.jpg", {"cat": False}),
                entry("s3://b/dog.jpg", {"dog": True, "cow": True}, faulty=True),
                entry("s3://b/100%.jpg"),
                entry("s3://b/1000.jpg"),
            ],
        )
    assert names(store, train, shown) == expected


def test_pages(store: Store, train: Dataset) -> None:
    with store.write() as rows:
        rows.entries.add(train, [entry(str(n), {f"l{n % 3}": True, "x": False}) for n in range(5)])
    with store.read() as rows:
        first = rows.entries.list(train, ALL, 3)
        assert len(rows.entries.list(train, ALL, 3, first.after).items) == 2
        seen, after = [], None
        for _ in range(2):
            page = rows.entries.labels(train, 2, after)
            seen += [label.name for label in page.items]
            after = page.after
    assert (seen, after) == (["l0", "x", "l1", "l2"], None)


def test_a_copy_is_whole_and_on_its_own(store: Store, train: Dataset, test: Dataset) -> None:
    with store.write() as rows:
        rows.entries.add(train, [entry("b", {"dog": True}), entry("a", {"cat": False})])
        rows.entries.copy(train, test)
        rows.entries.put(train, [entry("a")])
        assert rows.entries.labels(test, 9).items == [
            LabelCount("dog", 1, 1),
            LabelCount("cat", 1, 0),
        ]
        assert rows.entries.count(train).labels == 1
    assert names(store, test) == ["b", "a"]


def test_moved_entries_take_their_labels_along(store: Store, train: Dataset, test: Dataset) -> None:
    with store.write() as rows:
        rows.entries.add(train, [entry(f"{n:02}", {"odd": bool(n % 2)}) for n in range(50)])
        rows.entries.move(train, test, 10)
        assert (rows.entries.total(train), rows.entries.total(test)) == (40, 10)
        assert rows.entries.labels(train, 9).items[0].entries == 40
        assert rows.entries.labels(test, 9).items[0].entries == 10
    moved = names(store, test)
    # Not a block of them: the hashes decide.
    assert moved == sorted(moved)
    assert int(moved[-1]) - int(moved[0]) > 10
    assert sorted([*moved, *names(store, train)]) == [f"{n:02}" for n in range(50)]


def test_nothing_is_left_of_a_deleted_project(store: Store, project: Project) -> None:
    with store.write() as rows:
        dataset = rows.datasets.create(project, "TRAIN", MADE)
        rows.entries.add(dataset, [entry("a", {"cat": True})])
        rows.datasets.delete(dataset)
        rows.projects.delete(project)
    store.tidy()
    emptied = (tables.projects, tables.datasets, tables.dataset_entries, tables.dataset_labels)
    with store._database.read() as connection:
        for table in emptied:
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_policies_change_by_revision(store: Store, project: Project) -> None:
    with store.write() as rows:
        first = rows.policies.create(project, "copy", "one")
        rows.policies.create(project, "other", "1")
        second = rows.policies.update(project, "copy", "two", first)
    with pytest.raises(AlreadyExists), store.write() as rows:
        rows.policies.create(project, "copy", "three")
    for refused in (
        lambda rows: rows.policies.update(project, "copy", "three", first),
        lambda rows: rows.policies.update(project, "none", "three", first),
        lambda rows: rows.policies.delete(project, "copy", first),
    ):
        with pytest.raises(Stale), store.write() as rows:
            refused(rows)
    with store.write() as rows:
        found = rows.policies.list(project, 1)
        assert (found.items[0].revision, found.items[0].document) == (second, "two")
        assert [policy.name for policy in rows.policies.list(project, 1, found.after).items] == [
            "other"
        ]
        rows.policies.delete(project, "copy", second)
        rows.policies.delete(project, "other", None)
        with pytest.raises(NotFound):
            rows.policies.delete(project, "other", None)
        rows.policies.create(project, "copy", "again")
        rows.policies.clear(project)
        assert rows.policies.list(project, 9).items == []
