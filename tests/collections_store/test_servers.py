"""Which servers are heard of, and what they run."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from openrekog.collections_store.store import Store


def test_processes_of_one_server_may_begin_at_once(store: Store) -> None:
    with ThreadPoolExecutor(1) as other:

        def beat() -> None:
            with store.write() as rows:
                rows.servers.beat("host:/data", ["efficientnet"])

        with store.write() as rows:
            rows.servers.beat("host:/data", ["efficientnet"])
            told = other.submit(beat)
            with pytest.raises(TimeoutError):  # it has to wait
                told.result(0.2)
        told.result()
    with store.read() as rows:
        assert rows.servers.run("efficientnet", 60.0)
