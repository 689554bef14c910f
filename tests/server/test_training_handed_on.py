"""Trainings of each kind, each part of which is done by another process."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import update

from openrekog.collections_store.records import (
    Feature,
)
from openrekog.collections_store.tables import jobs, training_images
from openrekog.server.context import Services
from openrekog.server.jobs.training.task import Stage
from tests.acceptance.trainings import Line
from tests.server.training_jobs import (
    COUNT,
    begin,
    colours,
    ended,
    explicit,
    opened,
    run,
    squares,
    worker,
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with opened(tmp_path_factory.mktemp("data")) as one:
        yield one


@pytest.mark.parametrize(
    ("feature", "make"),
    [("CUSTOM_LABELS", colours), ("CUSTOM_LABELS", squares), ("CONTENT_MODERATION", explicit)],
    ids=["classifier", "detector", "adapter"],
)
def test_a_training_that_is_handed_on_at_every_part_learns_the_same(
    services: Services, feature: Feature, make: Callable[[Services], list[Line]]
) -> None:
    learnt = []
    for handed_on in (False, True):
        job_id = begin(services, feature, make(services))
        work, number = worker(services), 0
        while work.part(job_id, number):
            number += 1
            if handed_on:
                work.close()
                work = worker(services)
        work.close()
        _, version = ended(services, job_id)
        assert version.status == "TRAINING_COMPLETED", version.message
        results = orjson.loads(version.evaluation or "{}")["LabelEvaluationResults"]
        with services.store.read() as rows:
            learnt.append((rows.versions.content(version), results))
    assert learnt[0] == learnt[1]


def test_what_other_networks_saw_is_not_learnt_from(services: Services) -> None:
    """As after the server was started with other packs amid a training."""
    job_id = begin(services, "CUSTOM_LABELS", colours(services))
    former, number = worker(services, network="former"), 0
    while Stage.unpack(ended(services, job_id)[0].carry).name != "learn":
        former.part(job_id, number)
        number += 1
    former.close()
    looked_at: list[int] = []
    run(worker(services, lambda _: looked_at.append(1), network="latter"), job_id)
    _, version = ended(services, job_id)
    assert (version.status, version.progress) == ("TRAINING_COMPLETED", 1.0), version.message
    with services.store.read() as rows:
        assert b"latter" in rows.versions.content(version)
    assert len(looked_at) >= 3 * COUNT


def test_what_a_former_release_saw_is_not_learnt_from(services: Services) -> None:
    """It named the networks alone, and kept something else of pictures."""
    job_id = begin(services, "CUSTOM_LABELS", squares(services))
    former, number = worker(services), 0
    while (stage := Stage.unpack(ended(services, job_id)[0].carry)).name != "learn":
        former.part(job_id, number)
        number += 1
    former.close()
    networks = f"fake {services.models.dense.feature_name}"
    assert stage.networks.startswith(networks)
    carry = replace(stage, networks=networks).pack()
    with services.store.write() as rows:
        connection = rows.jobs.session.connection
        connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(carry=carry))
        connection.execute(update(training_images).values(seen=b"of a former release"))
    run(worker(services), job_id)
    _, version = ended(services, job_id)
    assert version.status == "TRAINING_COMPLETED", version.message
