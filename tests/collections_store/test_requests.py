import time

import pytest

from openrekog.collections_store.errors import Mismatch
from openrekog.collections_store.store import Scope, Store

DAY = 24 * 3600


def test_the_same_request_gets_the_same_answer(store: Store, scope: Scope) -> None:
    with store.write() as rows:
        assert rows.requests.replay(scope, "CreateUser", "token", "a") is None
        rows.requests.remember(scope, "CreateUser", "token", "a", "{}")
    with store.write() as rows:
        assert rows.requests.replay(scope, "CreateUser", "token", "a") == "{}"
        assert rows.requests.replay(scope, "DeleteUser", "token", "a") is None
        other = Scope(scope.account_id, "us-east-1")
        assert rows.requests.replay(other, "CreateUser", "token", "a") is None
        with pytest.raises(Mismatch):
            rows.requests.replay(scope, "CreateUser", "token", "b")


def test_an_answer_belongs_to_the_work(store: Store, scope: Scope) -> None:
    def break_off() -> None:
        with store.write() as rows:
            rows.requests.remember(scope, "CreateUser", "token", "a", "{}")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with store.read() as rows:
        assert rows.requests.replay(scope, "CreateUser", "token", "a") is None


@pytest.mark.parametrize(("age", "kept"), [(6.9 * DAY, True), (7.1 * DAY, False)])
def test_answers_are_kept_for_a_week(
    store: Store, scope: Scope, monkeypatch: pytest.MonkeyPatch, age: float, kept: bool
) -> None:
    with store.write() as rows:
        rows.requests.remember(scope, "CreateUser", "token", "a", "{}")
    later = time.time() + age
    monkeypatch.setattr(time, "time", lambda: later)
    for _ in range(2):
        with store.write() as rows:
            assert (rows.requests.replay(scope, "CreateUser", "token", "a") == "{}") is kept
        store.tidy()
    if not kept:
        with store.write() as rows:
            rows.requests.remember(scope, "CreateUser", "token", "b", "{}")
