"""Collections of any size, filled with random faces straight through the store."""

import time
from pathlib import Path

import numpy as np

from benchmarks.servers import ACCOUNT
from benchmarks.signed import REGION
from openrekog.collections_store.records import NewFace, Scope
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.results import Vectors
from openrekog.server.commands.messages import read_settings
from openrekog.server.services import open_store

SCOPE = Scope(ACCOUNT, REGION)
BATCH = 10_000


def fill(data_dir: Path, collection_id: str, count: int, faces: FaceAnalyzer) -> float:
    """Makes the collection; returns the seconds it took. The same vectors each time."""
    started = time.perf_counter()
    store = open_store(read_settings(data_dir=data_dir))
    random = np.random.default_rng(count)
    try:
        with store.write() as rows:
            collection = rows.collections.create(
                SCOPE,
                collection_id,
                face_model=faces.model_name,
                face_model_version=faces.model_version,
                dimension=faces.dimension,
            )
        for start in range(0, count, BATCH):
            batch = unit_vectors(random, min(BATCH, count - start), faces.dimension)
            with store.write() as rows:
                rows.faces.add(
                    collection,
                    f"image-{start}",
                    None,
                    [NewFace((0.1, 0.1, 0.2, 0.2), 99.0, vector) for vector in batch],
                )
    finally:
        store.close()
    return time.perf_counter() - started


def unit_vectors(random: np.random.Generator, count: int, dimension: int) -> Vectors:
    vectors = random.standard_normal((count, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
