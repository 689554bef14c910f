import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from openrekog.models.batching import Batcher, BatchPolicy, BusyError, ClosedError
from openrekog.models.session import Array, Feeds, Shape


class Doubler:
    """A session that doubles its input and notes each batch; it waits while its gate is shut."""

    name = "doubler"
    provider = "cpu"

    def __init__(self) -> None:
        self.inputs: dict[str, Shape] = {"x": ("batch", None)}
        self.outputs: dict[str, Shape] = {"y": ("batch", None), "first": ("batch",)}
        self.shapes: list[tuple[int, ...]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fault: Exception | None = None

    def run(self, feeds: Feeds) -> list[Array]:
        self.shapes.append(feeds["x"].shape)
        assert self.gate.wait(10)
        if self.fault:
            raise self.fault
        return [feeds["x"] * 2, feeds["x"][:, 0]]


def row(value: float, width: int = 3) -> dict[str, Array]:
    return {"x": np.full((1, width), value, np.float32)}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def hold(batcher: Batcher, session: Doubler, pool: ThreadPoolExecutor) -> None:
    """Lets a first call into the session, where it stays until the gate opens."""
    session.gate.clear()
    pool.submit(batcher.run, row(-1))
    wait_for(lambda: len(session.shapes) == 1)


def test_callers_share_a_call_and_get_their_own_rows() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=8))
        hold(batcher, session, pool)
        answers = [pool.submit(batcher.run, row(value)) for value in range(8)]
        wait_for(lambda: batcher.queued == 8)
        session.gate.set()
        for value, answer in enumerate(answers):
            doubled, first = answer.result(10)
            np.testing.assert_array_equal(doubled, np.full((1, 3), 2 * value))
            np.testing.assert_array_equal(first, [value])
        batcher.close()
    assert session.shapes == [(1, 3), (8, 3)]


def test_shapes_are_not_mixed_and_keep_their_turn() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=4))
        hold(batcher, session, pool)
        answers = []
        for count, width in enumerate((3, 5, 3, 5), start=1):
            answers.append(pool.submit(batcher.run, row(count, width)))
            wait_for(lambda count=count: batcher.queued == count)
        session.gate.set()
        widths = [answer.result(10)[0].shape[1] for answer in answers]
        batcher.close()
    assert widths == [3, 5, 3, 5]
    assert session.shapes == [(1, 3), (2, 3), (2, 5)]


def test_batches_come_in_few_sizes() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=8))
        hold(batcher, session, pool)
        answers = [pool.submit(batcher.run, row(value)) for value in range(5)]
        wait_for(lambda: batcher.queued == 5)
        session.gate.set()
        assert [answer.result(10)[1].tolist() for answer in answers] == [[v] for v in range(5)]
        batcher.close()
    assert session.shapes[1] == (8, 3)


def test_a_call_larger_than_a_batch_runs_alone() -> None:
    session = Doubler()
    batcher = Batcher(session, BatchPolicy(max_batch=4, max_queued=4))
    (doubled, _) = batcher.run({"x": np.ones((6, 3), np.float32)})
    assert doubled.shape == (6, 3)
    batcher.close()


def test_a_full_queue_says_so() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=2, max_queued=2))
        hold(batcher, session, pool)
        waiting = [pool.submit(batcher.run, row(value)) for value in range(2)]
        wait_for(lambda: batcher.queued == 2)
        with pytest.raises(BusyError, match="2 items wait for doubler"):
            batcher.run(row(9))
        session.gate.set()
        assert [answer.result(10)[1][0] for answer in waiting] == [0, 1]
        batcher.run(row(9))
        batcher.close()


def test_an_exception_reaches_every_caller_and_the_next_call_works() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=4))
        hold(batcher, session, pool)
        answers = [pool.submit(batcher.run, row(value)) for value in range(4)]
        wait_for(lambda: batcher.queued == 4)
        session.fault = RuntimeError("out of memory")
        session.gate.set()
        for answer in answers:
            with pytest.raises(RuntimeError, match="out of memory"):
                answer.result(10)
        session.fault = None
        assert batcher.run(row(4))[1] == [4]
        batcher.close()


def test_closing_answers_what_waits_and_refuses_the_rest() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=2))
        hold(batcher, session, pool)
        answers = [pool.submit(batcher.run, row(value)) for value in range(3)]
        wait_for(lambda: batcher.queued == 3)
        closing = pool.submit(batcher.close)
        session.gate.set()
        closing.result(10)
        assert sorted(answer.result(10)[1][0] for answer in answers) == [0, 1, 2]
        with pytest.raises(ClosedError):
            batcher.run(row(9))


def test_a_wait_gathers_a_batch() -> None:
    session = Doubler()
    with ThreadPoolExecutor(16) as pool:
        batcher = Batcher(session, BatchPolicy(max_batch=4, max_wait=10.0))
        answers = [pool.submit(batcher.run, row(value)) for value in range(4)]
        for answer in answers:
            answer.result(5)
        batcher.close()
    assert session.shapes == [(4, 3)]


def test_inputs_of_one_call_have_one_batch_size() -> None:
    batcher = Batcher(Doubler(), BatchPolicy())
    with pytest.raises(ValueError, match=r"differ in their batch: \[1, 2\]"):
        batcher.run({"x": np.ones((1, 3)), "z": np.ones((2, 3))})
    batcher.close()
