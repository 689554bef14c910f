"""Trained models are started and stopped, and survive what servers go through."""

import time
from typing import Any

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.custom_models import (
    Trained,
    change_version,
    learnt,
    put_version,
    trained,
)
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess

IN_USE, NOT_READY = "ResourceInUseException", "ResourceNotReadyException"


@pytest.fixture
def model(server: ServerProcess, region: str) -> Trained:
    return trained(server, region)


def test_the_life_of_a_model(model: Trained) -> None:
    assert model.description()["Status"] == "TRAINING_COMPLETED"
    refused_with(NOT_READY, model.ask)
    before = time.monotonic()
    model.start()
    assert time.monotonic() - before < 2
    [label] = model.ask("green")
    assert (label["Name"], label["Confidence"] > 50) == ("green", True)

    stopped = model.client.stop_project_version(ProjectVersionArn=model.arn)
    assert stopped["Status"] == "STOPPING"
    refused_with(NOT_READY, model.ask)
    model.wait_until("STOPPED")
    refused_with(NOT_READY, model.ask)
    model.start()
    assert [label["Name"] for label in model.ask("blue")] == ["blue"]


def test_what_is_not_to_be_started_or_stopped(model: Trained) -> None:
    client, arn = model.client, {"ProjectVersionArn": model.arn}
    one = {"MinInferenceUnits": 1}
    refused_with("ValidationException", client.start_project_version, **arn)
    refused_with("ValidationException", client.start_project_version, **arn, MinInferenceUnits=0)
    fewer = {"MinInferenceUnits": 2, "MaxInferenceUnits": 1}
    refused_with("InvalidParameterException", client.start_project_version, **arn, **fewer)
    refused_with(IN_USE, client.stop_project_version, **arn)
    model.start(MinInferenceUnits=2, MaxInferenceUnits=3)
    refused_with(IN_USE, client.start_project_version, **arn, **one)
    refused_with(IN_USE, client.delete_project_version, **arn)
    described = model.description()
    assert (described["MinInferenceUnits"], described["MaxInferenceUnits"]) == (2, 3)
    assert described["StatusMessage"] == "The model is running."
    client.stop_project_version(**arn)
    model.wait_until("STOPPED")
    refused_with(IN_USE, client.stop_project_version, **arn)
    client.delete_project_version(**arn)
    refused_with("ResourceNotFoundException", client.start_project_version, **arn, **one)


@pytest.mark.parametrize("status", ["TRAINING_IN_PROGRESS", "TRAINING_FAILED"])
def test_only_what_was_learnt_can_be_started(
    server: ServerProcess, region: str, status: str
) -> None:
    model = trained(server, region, status=status)
    refused_with(
        IN_USE, model.client.start_project_version, ProjectVersionArn=model.arn, MinInferenceUnits=1
    )
    refused_with(NOT_READY, model.ask)


@pytest.mark.parametrize("change", ["name", "stamp", "region", "account"])
def test_models_of_others_do_not_exist(model: Trained, region: str, change: str) -> None:
    other = {
        "name": model.arn.replace("/v1/", "/v2/"),
        "stamp": f"{model.arn}1",
        "region": model.arn.replace(region, "eu-west-1"),
        "account": model.arn.replace("000000000000", "999999999999"),
    }[change]
    model.start()
    asked, missing = {"ProjectVersionArn": other}, "ResourceNotFoundException"
    refused_with(missing, model.client.start_project_version, **asked, MinInferenceUnits=1)
    refused_with(missing, model.client.stop_project_version, **asked)
    image = {"Bytes": b"seen by nobody" * 9}
    refused_with(missing, model.client.detect_custom_labels, **asked, Image=image)


def test_adapters_are_not_started(server: ServerProcess, client: Any) -> None:
    project = client.create_project(
        ProjectName="adapter", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED"
    )["ProjectArn"]
    adapter = {"ProjectVersionArn": put_version(server, project)}
    code = "InvalidParameterException"
    refused_with(code, client.start_project_version, **adapter, MinInferenceUnits=1)
    refused_with(code, client.stop_project_version, **adapter)


OTHER_FEATURES = learnt().replace(b"fake, whole", b"none, whole")

UNUSABLE = {
    "damaged": (learnt()[:-100], "damaged"),
    "empty": (b"", "damaged"),
    "of other features": (OTHER_FEATURES, "'none, whole"),
}


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_model_fails_and_says_why(
    server: ServerProcess, region: str, content: bytes, reason: str
) -> None:
    model = trained(server, region, content=content)
    model.client.start_project_version(ProjectVersionArn=model.arn, MinInferenceUnits=1)
    model.wait_until("FAILED")
    assert reason in model.description()["StatusMessage"]
    assert reason in refused_with(NOT_READY, model.ask)
    # Put right, it can be started again.
    change_version(server, model.arn, lambda rows, row: rows.versions.put_content(row, learnt()))
    assert model.start().ask("red")


def test_a_start_goes_on_after_a_crash(launch: Launch) -> None:
    server = launch()
    model, other = trained(server, "us-east-1"), trained(server, "us-east-1").start()
    idle = trained(server, "us-east-1").start()
    broken = trained(server, "us-east-1").start()
    server.kill()
    change_version(server, broken.arn, lambda rows, row: rows.versions.put_content(row, b"x"))
    # The server was killed between accepting the requests and doing what they ask for.
    change_version(
        server,
        model.arn,
        lambda rows, row: rows.versions.become(row, [row.status], "STARTING"),
    )
    change_version(
        server,
        idle.arn,
        lambda rows, row: rows.versions.become(row, [row.status], "STOPPING"),
    )
    server.start()
    model.wait_until_it_runs()
    idle.wait_until("STOPPED")
    assert model.ask("red") == other.ask("red") != []
    refused_with(NOT_READY, broken.ask)
    assert broken.description()["Status"] == "FAILED"


def test_several_processes_run_the_same_models(launch: Launch) -> None:
    server = launch(processes=2)
    model = trained(server, "us-east-1").start()
    pair = [server.client(max_pool_connections=1) for _ in range(2)]
    each = [Trained(client, model.project, model.arn) for client in pair]
    assert each[0].ask("red") == each[1].ask("red") != []
    each[0].client.stop_project_version(ProjectVersionArn=model.arn)
    for one in each:
        refused_with(NOT_READY, one.ask)


def test_models_start_on_demand_and_stop_when_idle(launch: Launch) -> None:
    server = launch(custom_models_on_demand=True, custom_model_idle_seconds=2.0)
    model = trained(server, "us-east-1")
    assert [label["Name"] for label in model.ask("red")] == ["red"]
    assert model.description()["Status"] == "RUNNING"
    model.wait_until("STOPPED")
    assert [label["Name"] for label in model.ask("blue")] == ["blue"]
    damaged = trained(server, "us-east-1", content=b"x")
    assert "FAILED" in refused_with(NOT_READY, damaged.ask)
    training = trained(server, "us-east-1", status="TRAINING_IN_PROGRESS")
    refused_with(NOT_READY, training.ask)
