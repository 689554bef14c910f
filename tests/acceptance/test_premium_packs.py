"""DetectLabels with the premium packs, on small graphs with the signatures of the real ones."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from openrekog.models.pack import default_packs, find
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings
from tests.acceptance.servers import ServerProcess
from tests.models.premium_graphs import brought, rf_detr

PACKS = ("rf_detr", "ram_plus", "siglip2")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("premium")
    fetched = PackStore(Settings().models_dir)
    if fetched.missing(default_packs()):
        pytest.skip("the default packs are not fetched; `openrekog models pull` does it")
    store = PackStore(folder / "models")
    store.models_dir.mkdir()
    for pack in default_packs():
        (store.models_dir / pack.name).symlink_to(fetched.models_dir / pack.name)
    own = brought(folder / "own")
    rf_detr(own / "rf_detr.onnx")
    store.pull(find(PACKS), own_files=own)
    settings = {"packs": list(PACKS), "models_dir": str(store.models_dir)}
    server = ServerProcess(folder / "data", settings).start()
    yield server.client()
    server.close()


def red_with_a_white_cell() -> bytes:
    image = np.full((256, 512, 3), (255, 0, 0), np.uint8)
    image[64:128, 128:256] = 255
    return bytes(cv2.imencode(".png", image[:, :, ::-1])[1])


def test_labels_come_from_all_packs(client: Any) -> None:
    answer = client.detect_labels(Image={"Bytes": red_with_a_white_cell()}, MinConfidence=90)
    labels = {label["Name"]: label for label in answer["Labels"]}
    # RF-DETR sees a dog in the white cell, and RAM++ and SigLIP one in the red of the whole.
    assert labels["Dog"]["Confidence"] > 97
    (instance,) = labels["Dog"]["Instances"]
    assert instance["BoundingBox"] == pytest.approx(
        {"Left": 0.25, "Top": 0.25, "Width": 0.25, "Height": 0.25}, abs=1e-4
    )
    assert [parent["Name"] for parent in labels["Dog"]["Parents"]]
    assert "Fire Truck" not in labels
