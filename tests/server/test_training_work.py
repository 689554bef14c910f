"""The parts of a training, done by hand: what ends it, and what does not."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from openrekog.api_spec import errors
from openrekog.collections_store.errors import Busy, Passing
from openrekog.collections_store.records import (
    ProjectVersion,
)
from openrekog.models.batching import BusyError
from openrekog.models.results import Image
from openrekog.server.context import Services
from openrekog.server.jobs import patience
from openrekog.server.jobs.attempts import MOST
from openrekog.server.jobs.training.task import Stage
from openrekog.server.jobs.training.work import ENDLESS, OUR_FAULT, TrainingWork
from tests.acceptance.trainings import coloured
from tests.server.training_jobs import (
    begin,
    colours,
    ended,
    opened,
    put,
    run,
    worker,
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with opened(tmp_path_factory.mktemp("data")) as one:
        yield one


@pytest.fixture
def job_id(services: Services) -> str:
    """With eight pictures of each colour."""
    return begin(services, "CUSTOM_LABELS", colours(services))


class DeathError(BaseException):
    """The end of a process."""


def summary_of(services: Services, version: ProjectVersion) -> Any:
    place = orjson.loads(version.outputs or "{}")["manifest_summary.json"]
    return orjson.loads(
        (services.settings.data_dir / "buckets" / place["Bucket"] / place["Name"]).read_bytes()
    )


def test_a_picture_that_ends_processes_is_left_out(services: Services, job_id: str) -> None:
    put(services, "blue-3.png", coloured("blue", 3, side=77))

    def watch(image: Image) -> None:
        if image.shape[0] == 77 or image.shape[1] == 77:
            raise DeathError

    deaths = 0
    try:
        while ended(services, job_id)[0].status == "IN_PROGRESS":
            try:
                run(worker(services, watch), job_id)
            except DeathError:
                deaths += 1
                assert deaths < MOST
    finally:
        put(services, "blue-3.png", coloured("blue", 3))
    job, version = ended(services, job_id)
    assert (job.status, version.status) == ("SUCCEEDED", "TRAINING_COMPLETED"), version.message
    assert deaths == 4
    statistics = summary_of(services, version)["statistics"]
    invalid = [statistics[part]["invalid_json_lines"] for part in ("training", "testing")]
    assert sorted(invalid) == [0, 1]


def test_what_always_ends_the_process_is_not_tried_for_ever(
    services: Services, job_id: str
) -> None:
    learning = worker(services)
    number = 0
    while Stage.unpack(ended(services, job_id)[0].carry).name != "learn":
        learning.part(job_id, number)
        number += 1
    learning.close()
    for _ in range(MOST):
        with services.store.write() as rows:
            rows.jobs.begin_part([ended(services, job_id)[0]])
    run(worker(services), job_id)
    _, version = ended(services, job_id)
    assert (version.status, version.message) == ("TRAINING_FAILED", ENDLESS.format(MOST))


def test_a_fault_of_ours_ends_the_training_with_a_word(services: Services, job_id: str) -> None:
    def watch(image: Image) -> None:
        raise RuntimeError(image.shape)

    run(worker(services, watch), job_id)
    job, version = ended(services, job_id)
    assert (job.status, version.status, version.message) == ("FAILED", "TRAINING_FAILED", OUR_FAULT)
    with services.store.write() as rows:
        rows.versions.delete(version)


@pytest.mark.parametrize("error", [BusyError, errors.ProvisionedThroughputExceeded])
def test_a_busy_server_ends_nothing(
    services: Services, job_id: str, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(patience, "PAUSES", ())
    busy = iter([True, True] + 999 * [False])

    def watch(_: Image) -> None:
        if next(busy):
            raise error

    for _ in range(2):
        with pytest.raises(Passing):
            run(worker(services, watch), job_id)
    run(worker(services, watch), job_id)
    assert ended(services, job_id)[1].status == "TRAINING_COMPLETED"


def test_a_busy_database_ends_nothing_and_nothing_is_counted_twice(
    services: Services, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, keep = worker(services), TrainingWork._keep
    busy = iter([True, False] * 50)

    def keep_or_not(self: TrainingWork, *given: Any) -> None:
        keep(self, *given)
        if next(busy):
            raise Busy("after it was stored")

    monkeypatch.setattr(TrainingWork, "_keep", keep_or_not)
    number = 0
    more = True
    while more:
        try:
            more = work.part(job_id, number)
        except Busy:
            continue  # the same part once more
        number += 1
    work.close()
    _, version = ended(services, job_id)
    assert (version.status, version.progress) == ("TRAINING_COMPLETED", 1.0)
    told = summary_of(services, version)["statistics"]
    assert told["training"]["total_json_lines"] + told["testing"]["total_json_lines"] == 24
