from collections import Counter
from collections.abc import Iterator

import pytest

from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.loading.faces import load_face_analyzer
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import default_packs
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings


@pytest.fixture(scope="session")
def model_calls() -> Counter[str]:
    """How often each model of `analyzer` has run."""
    return Counter()


@pytest.fixture(scope="session")
def store() -> PackStore:
    store = PackStore(Settings().models_dir)
    missing = [pack.name for pack in store.missing(default_packs())]
    if missing:
        pytest.skip(f"not fetched: {', '.join(missing)}; `openrekog models pull` fetches them")
    return store


@pytest.fixture(scope="session")
def analyzer(store: PackStore, model_calls: Counter[str]) -> Iterator[ModelFaceAnalyzer]:
    def count(name: str, _seconds: float, _batch: int) -> None:
        model_calls[name] += 1

    with Runtime(["cpu"], observer=count) as runtime:
        yield load_face_analyzer(Opening.of(store, runtime))
