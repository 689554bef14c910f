import pytest

from openrekog.collections_store.errors import QuotaExceeded
from openrekog.collections_store.store import Store

ARN = "arn:aws:rekognition:eu-central-1:111122223333:collection/staff"


def test_tags_are_added_replaced_and_removed(store: Store) -> None:
    with store.write() as rows:
        rows.tags.put(ARN, {"team": "a", "cost": "1"})
        rows.tags.put(ARN, {"team": "b", "": ""})
        rows.tags.put(ARN + "2", {"team": "c"})
    with store.write() as rows:
        assert rows.tags.get(ARN) == {"": "", "cost": "1", "team": "b"}
        rows.tags.remove(ARN, ["cost", "none"])
        assert rows.tags.get(ARN) == {"": "", "team": "b"}
        rows.tags.clear(ARN)
    with store.read() as rows:
        assert rows.tags.get(ARN) == {}
        assert rows.tags.get(ARN + "2") == {"team": "c"}


def test_quota(store: Store) -> None:
    with store.write() as rows:
        rows.tags.put(ARN, {str(number): "" for number in range(200)})
        rows.tags.put(ARN, {"7": "again"})
    with pytest.raises(QuotaExceeded) as caught, store.write() as rows:
        rows.tags.put(ARN, {"200": ""})
    assert caught.value.limit == 200
    with store.read() as rows:
        assert len(rows.tags.get(ARN)) == 200
