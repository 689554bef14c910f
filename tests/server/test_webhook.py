"""A message arrives, or whoever sent it is told that it did not."""

import hashlib
import hmac
import socket
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from openrekog.server.media.webhook import PAUSES, FullError, UndeliveredError, Webhook
from openrekog.server.settings import Settings
from tests.acceptance.receivers import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """The waits between tries, none of which is waited for."""
    return []


def test_a_message_arrives_as_it_was_sent(receiver: Receiver, pauses: list[float]) -> None:
    Webhook(f"{receiver.url}/review?team=a", "secret", wait=pauses.append).deliver(b'{"a": 1}')
    assert receiver.bodies == [b'{"a": 1}']
    assert receiver.paths == ["/review?team=a"]
    assert pauses == []
    [headers] = receiver.headers
    assert headers["content-type"] == "application/json"
    expected = hmac.new(b"secret", b'{"a": 1}', hashlib.sha256).hexdigest()
    assert headers["x-openrekog-signature"] == f"sha256={expected}"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    Webhook(receiver.url).deliver(b"{}")
    assert receiver.paths == ["/"]
    assert "x-openrekog-signature" not in receiver.headers[0]


@pytest.mark.parametrize("answers", [[500], [503, 502]])
def test_faults_that_pass_are_tried_again(
    receiver: Receiver, pauses: list[float], answers: list[int]
) -> None:
    receiver.answers = list(answers)
    Webhook(receiver.url, wait=pauses.append).deliver(b"{}")
    assert len(receiver.bodies) == len(answers) + 1
    assert pauses == list(PAUSES[: len(answers)])


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        pytest.param(500, 3, id="a fault that stays"),
        pytest.param(400, 1, id="refused"),
        pytest.param(302, 1, id="a redirect is not followed"),
    ],
)
def test_what_was_not_taken_is_told(
    receiver: Receiver, pauses: list[float], answer: int, tries: int
) -> None:
    receiver.answers = [answer] * 3
    with pytest.raises(UndeliveredError, match=f"HTTP {answer}"):
        Webhook(receiver.url, wait=pauses.append).deliver(b"{}")
    assert receiver.paths == ["/"] * tries


def test_a_receiver_that_is_full_is_not_pressed(receiver: Receiver) -> None:
    receiver.answers = [429]
    with pytest.raises(FullError):
        Webhook(receiver.url).deliver(b"{}")
    assert len(receiver.bodies) == 1


def test_nobody_there(pauses: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UndeliveredError, match="ConnectionRefusedError"):
            Webhook(url, wait=pauses.append).deliver(b"{}")
    assert pauses == list(PAUSES)


def test_nobody_who_answers(pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UndeliveredError, match="TimeoutError"):
            Webhook(url, seconds=0.1, wait=pauses.append).deliver(b"{}")
    assert pauses == list(PAUSES)


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    Webhook(receiver.url).deliver(b"{}")
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/path",
        "file:///etc/passwd",
        "host/path",
        "http://",
        "http://user:password@host/",
        "http://host:0/",
        "http://host:99999/",
        "http://host/a b",
        "http://host/\r\nX-Other: 1",
    ],
)
def test_addresses_that_are_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="human_loop_webhook_url"):
        Settings(human_loop_webhook_url=url)
