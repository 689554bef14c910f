"""A decoder that gets on is waited for, however slowly it does; one that goes in circles is not."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from openrekog.server.media.ahead import ahead
from openrekog.server.media.pulse import Pulse, Sign, StalledError

PATIENCE = 0.5
STEPS = 15  # a tenth of a second each: three times the patience


def slowly(reach: Callable[[int], None]) -> Iterator[str]:
    """One frame, after many steps without any."""
    for step in range(STEPS):
        time.sleep(0.1)
        reach(step)
    yield "frame"


@pytest.mark.parametrize("sign", ["byte", "packet", "frame"])
def test_whatever_comes_further_is_waited_for(sign: Sign) -> None:
    pulse = Pulse()
    decoded = slowly(lambda step: pulse.reach(sign, step))
    assert [*ahead(decoded, pulse, PATIENCE)] == ["frame"]


def test_circles_are_not() -> None:
    pulse = Pulse()
    decoded = slowly(lambda step: pulse.reach("byte", step % 3))
    with pytest.raises(StalledError):
        [*ahead(decoded, pulse, PATIENCE)]
    assert pulse.abandoned


def test_a_decoder_that_waits_for_the_analysis_does_not_hang() -> None:
    pulse = Pulse()
    frames = ahead((f"{number}" for number in range(3)), pulse, PATIENCE, most=1)
    assert next(frames) == "0"
    time.sleep(2 * PATIENCE)
    assert [*frames] == ["1", "2"]


def test_nor_is_one_that_hangs_waited_for_at_the_end() -> None:
    """The analysis may break off, because the database is away, while the decoder hangs."""
    pulse, end = Pulse(), threading.Event()

    def decoded() -> Iterator[str]:
        yield "frame"
        end.wait(20 * PATIENCE)

    frames = ahead(decoded(), pulse, PATIENCE)
    assert next(frames) == "frame"
    began = time.monotonic()
    frames.close()
    assert time.monotonic() < began + 10 * PATIENCE
    assert pulse.abandoned
    end.set()


def test_one_that_waited_long_for_the_analysis_is_waited_for_at_the_end() -> None:
    pulse = Pulse()
    frames = ahead((f"{number}" for number in range(9)), pulse, PATIENCE, most=1)
    assert next(frames) == "0"
    time.sleep(2.5 * PATIENCE)
    frames.close()
    assert not pulse.abandoned
