"""DetectModerationLabels and the human review behind it, as clients see them."""

import socket
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import orjson
import PIL.Image
import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.photos import astronaut, jpeg, photograph, png
from tests.acceptance.receivers import Receiver, receiving
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import FAKE, ServerProcess

FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/review"
ADAPTER = "arn:aws:rekognition:us-east-1:000000000000:project/a/version/b/1700000000000"

# The fake pack takes red for explicit.
EXPLICIT = {
    "Explicit",
    "Explicit Nudity",
    "Exposed Female Nipple",
}


def red() -> bytes:
    return png(PIL.Image.new("RGB", (96, 96), (230, 0, 0)))


def grey() -> bytes:
    return png(PIL.Image.new("RGB", (96, 96), (127, 127, 127)))


def moderated(client: Any, picture: bytes, **request: Any) -> dict[str, dict[str, Any]]:
    answer = client.detect_moderation_labels(Image={"Bytes": picture}, **request)
    return {label["Name"]: label for label in answer["ModerationLabels"]}


def test_members_of_the_answer(client: Any) -> None:
    answer = client.detect_moderation_labels(Image={"Bytes": grey()})
    del answer["ResponseMetadata"]
    assert answer == {
        "ModerationLabels": [],
        "ModerationModelVersion": "7.0",
        "ContentTypes": [],
    }


def test_labels_come_with_their_parents(client: Any) -> None:
    found = moderated(client, red())
    assert found.keys() == EXPLICIT
    places = {name: (one["ParentName"], one["TaxonomyLevel"]) for name, one in found.items()}
    assert places == {
        "Explicit": ("", 1),
        "Explicit Nudity": ("Explicit", 2),
        "Exposed Female Nipple": ("Explicit Nudity", 3),
    }
    assert list(found) == ["Exposed Female Nipple", "Explicit Nudity", "Explicit"]
    # What is only weakly known is never above 80.
    assert {one["Confidence"] for one in found.values()} == {80.0}


@pytest.mark.parametrize(("least", "labels"), [(0, EXPLICIT), (80, EXPLICIT), (80.5, set())])
def test_min_confidence(client: Any, least: float, labels: set[str]) -> None:
    found = moderated(client, red(), MinConfidence=least)
    assert {name for name, one in found.items() if one["Confidence"] >= 50} == labels


def test_a_project_version_that_nobody_has(client: Any) -> None:
    refused_with(
        "ResourceNotFoundException",
        client.detect_moderation_labels,
        Image={"Bytes": grey()},
        ProjectVersion=ADAPTER,
    )


@pytest.mark.parametrize("value", [-1, 101])
def test_min_confidence_is_a_percentage(client: Any, value: float) -> None:
    refused_with(
        "ValidationException",
        client.detect_moderation_labels,
        Image={"Bytes": grey()},
        MinConfidence=value,
    )


@pytest.fixture(scope="module")
def listening() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """The one of this module, as new."""
    listening.forget()
    return listening


@pytest.fixture(scope="module")
def sending(
    listening: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server that sends to the receiver."""
    settings = {
        **FAKE,
        "human_loop_webhook_url": f"{listening.url}/review",
        "human_loop_webhook_secret": "s",
    }
    running = ServerProcess(tmp_path_factory.mktemp("review") / "data", settings).start()
    yield running
    running.close()


@pytest.fixture
def reviewed(sending: ServerProcess) -> Any:
    return sending.client()


def loop(name: str = "review-1", **more: Any) -> dict[str, Any]:
    return {"HumanLoopName": name, "FlowDefinitionArn": FLOW, **more}


class TestHumanLoop:
    def test_a_review_is_sent_and_named(self, reviewed: Any, receiver: Receiver) -> None:
        attributes = {"ContentClassifiers": ["FreeOfAdultContent"]}
        answer = reviewed.detect_moderation_labels(
            Image={"Bytes": red()}, HumanLoopConfig=loop(DataAttributes=attributes)
        )
        output = answer["HumanLoopActivationOutput"]
        arn = "arn:aws:sagemaker:us-east-1:000000000000:human-loop/review-1"
        assert output["HumanLoopArn"] == arn
        assert output["HumanLoopActivationReasons"] == ["ConditionsEvaluation"]
        [condition] = conditions_of(output)
        assert condition["EvaluationResult"] is True
        [message] = receiver.messages
        request_id = answer["ResponseMetadata"]["RequestId"]
        assert b64decode(message.pop("Image")["Bytes"]) == red()
        assert message == {
            "HumanLoopName": "review-1",
            "HumanLoopArn": arn,
            "FlowDefinitionArn": FLOW,
            "DataAttributes": attributes,
            "RequestId": request_id,
            "MinConfidence": 50.0,
            "ModerationLabels": answer["ModerationLabels"],
        }
        assert receiver.paths == ["/review"]
        assert receiver.headers[0]["x-openrekog-signature"].startswith("sha256=")

    def test_an_object_is_sent_by_its_name(
        self, reviewed: Any, receiver: Receiver, sending: ServerProcess
    ) -> None:
        bucket = sending.data_dir / "buckets" / "photos"
        bucket.mkdir(parents=True)
        (bucket / "red.png").write_bytes(red())
        image = {"S3Object": {"Bucket": "photos", "Name": "red.png"}}
        reviewed.detect_moderation_labels(Image=image, HumanLoopConfig=loop())
        [message] = receiver.messages
        assert message["Image"] == image

    def test_without_labels_there_is_nothing_to_review(
        self, reviewed: Any, receiver: Receiver
    ) -> None:
        answer = reviewed.detect_moderation_labels(Image={"Bytes": grey()}, HumanLoopConfig=loop())
        output = answer["HumanLoopActivationOutput"]
        assert "HumanLoopArn" not in output
        assert output["HumanLoopActivationReasons"] == []
        [condition] = conditions_of(output)
        assert condition["EvaluationResult"] is False
        assert receiver.messages == []

    def test_without_a_config_nothing_is_sent(self, reviewed: Any, receiver: Receiver) -> None:
        answer = reviewed.detect_moderation_labels(Image={"Bytes": red()})
        assert "HumanLoopActivationOutput" not in answer
        assert receiver.messages == []

    @pytest.mark.parametrize(
        ("answers", "code"),
        [
            pytest.param([429], "HumanLoopQuotaExceededException", id="full"),
            pytest.param([404], "InternalServerError", id="refused"),
            pytest.param([500, 500, 500], "InternalServerError", id="broken"),
        ],
    )
    def test_a_review_that_was_not_taken_is_an_error(
        self, reviewed: Any, receiver: Receiver, answers: list[int], code: str
    ) -> None:
        receiver.answers = list(answers)
        refused_with(
            code,
            reviewed.detect_moderation_labels,
            Image={"Bytes": red()},
            HumanLoopConfig=loop(),
        )
        assert len(receiver.messages) == len(answers)

    def test_a_receiver_that_is_not_there_is_an_error(self, launch: Launch) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and never listens
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            client = launch(human_loop_webhook_url=url).client()
            message = refused_with(
                "InternalServerError",
                client.detect_moderation_labels,
                Image={"Bytes": red()},
                HumanLoopConfig=loop(),
            )
        assert message == (
            "The human loop review-1 was not started: its receiver could not be reached."
        )

    def test_a_server_without_reviewers_says_so(self, client: Any) -> None:
        message = refused_with(
            "ResourceNotFoundException",
            client.detect_moderation_labels,
            Image={"Bytes": red()},
            HumanLoopConfig=loop(),
        )
        assert "OPENREKOG_HUMAN_LOOP_WEBHOOK_URL" in message

    @pytest.mark.parametrize(
        ("config", "code"),
        [
            pytest.param(loop("-a"), "ValidationException", id="name"),
            pytest.param({"HumanLoopName": "a"}, "ValidationException", id="no flow"),
            pytest.param(
                {**loop(), "FlowDefinitionArn": "review"}, "InvalidParameterException", id="flow"
            ),
            pytest.param(
                loop(DataAttributes={"ContentClassifiers": ["Free"]}),
                "ValidationException",
                id="classifier",
            ),
        ],
    )
    def test_configurations_that_are_refused(
        self, client: Any, config: dict[str, Any], code: str
    ) -> None:
        refused_with(
            code,
            client.detect_moderation_labels,
            Image={"Bytes": grey()},
            HumanLoopConfig=config,
        )


def conditions_of(output: dict[str, Any]) -> list[dict[str, Any]]:
    results = output["HumanLoopActivationConditionsEvaluationResults"]
    parsed = orjson.loads(results) if isinstance(results, str) else results
    conditions: list[dict[str, Any]] = parsed["Conditions"]
    return conditions


ORDINARY = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg", "horse.png")


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_photographs_need_no_moderation(real_client: Any, name: str) -> None:
    assert moderated(real_client, jpeg(photograph(name))) == {}


def test_below_the_default_the_models_are_heard(real_client: Any) -> None:
    """A portrait is not quite certainly harmless, and the order is by confidence."""
    labels = moderated(real_client, jpeg(astronaut()), MinConfidence=0)
    sure = [one["Confidence"] for one in labels.values()]
    assert sure == sorted(sure, reverse=True)
    assert 0 < labels["Explicit Nudity"]["Confidence"] < 20
