"""Versions of models as rows, with what they are learnt from."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from openrekog.collections_store import tables
from openrekog.collections_store.errors import AlreadyExists, InUse, NotFound
from openrekog.collections_store.records import (
    DatasetState,
    NewEntry,
    NewTrainingImage,
    NewVersion,
    Project,
    ProjectVersion,
)
from openrekog.collections_store.store import Scope, Store

TRAINING = "TRAINING_IN_PROGRESS"
LINES = [NewTrainingImage(n, f"s3://b/{n}.jpg", "{}", usable=n != 2) for n in range(1, 6)]


@pytest.fixture
def project(store: Store, scope: Scope) -> Project:
    with store.write() as rows:
        return rows.projects.create(scope, "pets", "CUSTOM_LABELS", None)


@pytest.fixture
def version(store: Store, project: Project) -> ProjectVersion:
    with store.write() as rows:
        return rows.versions.create(project, NewVersion("v1", "{}", description="mine"))


def test_a_name_is_taken_until_its_version_is_deleted(
    store: Store, scope: Scope, project: Project, version: ProjectVersion
) -> None:
    with pytest.raises(AlreadyExists), store.write() as rows:
        rows.versions.create(project, NewVersion("v1", "{}"))
    with pytest.raises(InUse), store.write() as rows:
        rows.projects.delete(project)
    with store.write() as rows:
        rows.versions.delete(version)
        again = rows.versions.create(project, NewVersion("v1", "{}"))
    with store.read() as rows:
        assert rows.versions.get(project, "v1", again.stamp).key == again.key != version.key
        assert rows.versions.by_key(version.key) is None
        assert [found.key for found in rows.versions.list(project, 9).items] == [again.key]
        with pytest.raises(NotFound):
            rows.versions.get(project, "v1", again.stamp + 1)


def test_of_two_who_count_before_they_train_the_second_counts_the_first_ones(
    store: Store, scope: Scope, project: Project
) -> None:
    with ThreadPoolExecutor(1) as other:

        def count() -> int:
            with store.write() as rows:
                return rows.versions.count(scope, [TRAINING])

        with store.write() as rows:
            assert rows.versions.count(scope, [TRAINING]) == 0
            counted = other.submit(count)
            with pytest.raises(TimeoutError):  # it has to wait
                counted.result(0.2)
            rows.versions.create(project, NewVersion("v1", "{}"))
        assert counted.result() == 1


def test_pages_and_names_newest_first(store: Store, project: Project) -> None:
    with store.write() as rows:
        made = [rows.versions.create(project, NewVersion(f"v{n}", "{}")) for n in range(3)]
    with store.read() as rows:
        page = rows.versions.list(project, 2)
        assert page.items == [made[2], made[1]]
        assert rows.versions.list(project, 2, page.after) == ([made[0]], None)
        assert rows.versions.list(project, 9, names=["v1", "v7"]).items == [made[1]]


def test_a_status_changes_from_what_it_is_expected_to_be(
    store: Store, scope: Scope, project: Project, version: ProjectVersion
) -> None:
    with store.write() as rows:
        assert not rows.versions.become(version, ["TRAINING_COMPLETED", "STOPPED"], "STARTING")
        assert rows.versions.end(version, "TRAINING_COMPLETED", "done")
        assert not rows.versions.end(version, "TRAINING_FAILED", "late")
        assert rows.versions.become(version, ["TRAINING_COMPLETED", "STOPPED"], "STARTING", "soon")
        rows.versions.set_units(version, 1, 4)
    with store.read() as rows:
        found = rows.versions.get(project, "v1", version.stamp)
        assert (found.status, found.message) == ("STARTING", "soon")
        assert (found.min_units, found.max_units) == (1, 4)
        assert found.ended_at is not None
        assert rows.versions.count(scope, ["STARTING"]) == 1
        assert rows.versions.count(scope, [TRAINING]) == 0
        assert rows.versions.count(Scope(scope.account_id, "elsewhere"), ["STARTING"]) == 0
        assert rows.versions.with_status(["STARTING", "RUNNING"]) == [found]


def test_what_came_of_a_training(store: Store, version: ProjectVersion) -> None:
    with store.write() as rows:
        rows.versions.set_kind(version, "detector", "1.0")
        rows.versions.advance(version, 0.25, "Looking", 1.5)
        rows.versions.advance(version, 0.5, "Learning", 2.0)
        rows.versions.used(version)
    with store.read() as rows:
        found = rows.versions.by_key(version.key)
        assert found is not None
        assert (found.kind, found.base_model_version) == ("detector", "1.0")
        assert (found.progress, found.message, found.billable_seconds) == (0.5, "Learning", 3.5)
        assert found.used_at is not None
        with pytest.raises(NotFound):
            rows.versions.content(version)
    with store.write() as rows:
        rows.versions.put_content(version, b"first round")
        rows.versions.put_content(version, bytes(3_000_000))
        rows.versions.conclude(version, '{"F1":1}', '{"a":1}')
    with store.read() as rows:
        assert rows.versions.content(version) == bytes(3_000_000)
        found = rows.versions.by_key(version.key)
        assert found is not None
        assert (found.evaluation, found.outputs) == ('{"F1":1}', '{"a":1}')


def test_images_of_a_training(store: Store, version: ProjectVersion) -> None:
    with store.write() as rows:
        rows.training_images.add(version, "TRAIN", LINES)
        rows.training_images.add(version, "TEST", LINES[:1])
        page = rows.training_images.page(version, "TRAIN", 2, usable=True)
        assert [image.line for image in page.items] == [1, 3]
        one, three = page.items
        rows.training_images.keep([replace(one, seen=b"x"), replace(three, fault="GONE")])
    with store.read() as rows:
        images = rows.training_images
        later = images.page(version, "TRAIN", 9, page.after, usable=True)
        assert [image.line for image in later.items] == [4, 5]
        [seen, *others] = images.page(version, "TRAIN", 9, usable=True, seen=True).items
        assert (seen.line, seen.seen) == (1, b"x")
        assert [image.line for image in others] == [4, 5]
        everything = images.page(version, "TRAIN", 9).items
        assert [image.fault for image in everything] == [None, None, "GONE", None, None]
        assert {image.seen for image in everything} == {None}
        assert images.count(version, "TRAIN") == 5
        assert images.count(version, "TRAIN", usable=True) == 3
        assert images.count(version, "TEST") == 1


def test_a_dataset_is_copied_as_it_is_then(
    store: Store, project: Project, version: ProjectVersion
) -> None:
    state = DatasetState("CREATE_COMPLETE", "SUCCESS", "made")
    with store.write() as rows:
        other = rows.datasets.create(project, "TEST", state)
        rows.entries.add(other, [NewEntry("s3://b/x.jpg", '{"x":1}', {}, faulty=False)])
        dataset = rows.datasets.create(project, "TRAIN", state)
        new = [NewEntry(f"s3://b/{n}.jpg", f'{{"n":{n}}}', {}, faulty=False) for n in range(5)]
        rows.entries.add(dataset, new)
        rows.training_images.copy(version, "TRAIN", dataset)
        rows.entries.put(dataset, [NewEntry("s3://b/0.jpg", "{}", {}, faulty=False)])
        rows.datasets.delete(dataset)
    with store.write() as rows:
        copied = rows.training_images.page(version, "TRAIN", 9).items
        told = [(image.line, image.source_ref, image.document) for image in copied]
        assert told == [(n + 1, f"s3://b/{n}.jpg", f'{{"n":{n}}}') for n in range(5)]
        rows.training_images.move_to_test([copied[1].key, copied[3].key])
        rows.training_images.leave_out([copied[3].key, copied[4].key])
    with store.read() as rows:
        images = rows.training_images
        assert [image.line for image in images.page(version, "TRAIN", 9).items] == [1, 3, 5]
        assert [image.line for image in images.page(version, "TEST", 9, usable=True).items] == [2]
        assert images.count(version, "TRAIN", usable=True) == 2


def rows_of(store: Store) -> list[int]:
    counted = (tables.training_images, tables.trained_models, tables.project_versions)
    with store._database.read() as connection:
        wanted = [select(func.count()).select_from(table) for table in counted]
        return [connection.scalar(each) or 0 for each in wanted]


def test_what_is_swept_away(store: Store, project: Project, version: ProjectVersion) -> None:
    with store.write() as rows:
        rows.training_images.add(version, "TRAIN", LINES * 50)
        rows.versions.put_content(version, b"model")
    store.tidy()
    assert rows_of(store) == [250, 1, 1]
    with store.write() as rows:
        rows.versions.end(version, "TRAINING_COMPLETED", "done")
    store.tidy()
    assert rows_of(store) == [0, 1, 1]
    with store.write() as rows:
        rows.versions.delete(version)
        rows.projects.delete(project)
    store.tidy()
    assert rows_of(store) == [0, 0, 0]
