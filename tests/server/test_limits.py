"""Rate limits, on a clock of our own."""

import pytest

from openrekog.api_spec.errors import Throttling
from openrekog.api_spec.service import Operation, load_service
from openrekog.server.access.limits import RateLimits

OPERATIONS = load_service().operations
DETECT, COMPARE, CREATE = (
    OPERATIONS[name] for name in ("DetectFaces", "CompareFaces", "CreateCollection")
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(limits: RateLimits, operation: Operation, tries: int, account: str = "a") -> int:
    done, refusals = 0, []
    for _ in range(tries):
        try:
            limits.take(account, operation)
            done += 1
        except Throttling as error:
            refusals.append(error.message)
    assert set(refusals) <= {"Slow down; sudden increase in rate of requests."}
    return done


def test_a_second_of_tokens_then_as_many_as_flow_in() -> None:
    clock = Clock()
    limits = RateLimits({"DetectFaces": 5}, OPERATIONS, clock)
    assert taken(limits, DETECT, 20) == 5
    clock.now += 0.4
    assert taken(limits, DETECT, 20) == 2
    clock.now += 60
    assert taken(limits, DETECT, 20) == 5


def test_accounts_do_not_share() -> None:
    limits = RateLimits({"DetectFaces": 1}, OPERATIONS, Clock())
    assert [taken(limits, DETECT, 2, account) for account in "ab"] == [1, 1]


def test_less_than_one_a_second() -> None:
    clock = Clock()
    limits = RateLimits({"DetectFaces": 0.1}, OPERATIONS, clock)
    assert taken(limits, DETECT, 3) == 1
    clock.now += 9
    assert taken(limits, DETECT, 3) == 0
    clock.now += 1.5
    assert taken(limits, DETECT, 3) == 1


def test_a_group_counts_its_operations_together() -> None:
    limits = RateLimits({DETECT.group: 3}, OPERATIONS, Clock())
    assert taken(limits, DETECT, 2) + taken(limits, COMPARE, 2) == 3
    assert taken(limits, CREATE, 9) == 9


def test_an_operation_named_itself_is_out_of_its_group() -> None:
    limits = RateLimits({DETECT.group: 1, "DetectFaces": 4}, OPERATIONS, Clock())
    assert taken(limits, DETECT, 9) == 4
    assert taken(limits, COMPARE, 9) == 1


@pytest.mark.parametrize("rates", [{"DetectFace": 1.0}, {"DetectFaces": 0.0}, {"DetectFaces": -1}])
def test_limits_that_make_no_sense_stop_the_start(rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rate_limits"):
        RateLimits(rates, OPERATIONS)
