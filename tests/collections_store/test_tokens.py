import base64
import time
from collections.abc import Callable

import pytest

from openrekog.collections_store.errors import InvalidToken
from openrekog.collections_store.store import Store


def test_a_token_gives_its_position_back_in_every_process(
    open_store: Callable[..., Store],
) -> None:
    token = open_store().seal("ListFaces:staff", 2**60)
    assert open_store().unseal("ListFaces:staff", token) == 2**60
    assert len(token) <= 255


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "?",
        lambda token: "ÄÖ",
        lambda token: token[:-4],
        lambda token: base64.urlsafe_b64encode(b"0" * 16 + b"[1, 9999999999]").decode(),
        lambda token: ("B" if token[0] == "A" else "A") + token[1:],
    ],
    ids=["empty", "no base64", "no ascii", "cut", "forged", "changed"],
)
def test_other_tokens_are_refused(store: Store, spoil: Callable[[str], str]) -> None:
    token = spoil(store.seal("ListFaces", 7))
    with pytest.raises(InvalidToken):
        store.unseal("ListFaces", token)


def test_a_token_is_good_for_its_listing_only(store: Store) -> None:
    with pytest.raises(InvalidToken):
        store.unseal("ListUsers", store.seal("ListFaces", 7))


def test_a_token_is_good_for_a_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    token = store.seal("ListFaces", 7)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 23.9 * 3600)
    assert store.unseal("ListFaces", token) == 7
    monkeypatch.setattr(time, "time", lambda: now + 24.1 * 3600)
    with pytest.raises(InvalidToken):
        store.unseal("ListFaces", token)
