"""Trainings of each kind, each part of which is done by another process."""

from collections.abc import Callable, Iterator

import orjson
import pytest

from openrekog.collections_store.records import (
    Feature,
)
from openrekog.server.context import Services
from tests.acceptance.trainings import Line
from tests.server.training_jobs import (
    begin,
    colours,
    ended,
    explicit,
    opened,
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
