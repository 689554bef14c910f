"""What a request named may be deleted by another one while the first is under way."""

import base64
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from openrekog.models.fake.faces import FakeFaceAnalyzer
from tests.server.conftest import Line


def call(server: Line, operation: str, **request: Any) -> Any:
    answer = server.plain(operation, orjson.dumps(request))
    assert answer.status == 200, answer.json
    return answer.json


def picture() -> str:
    slope = np.add.outer(np.arange(120), np.arange(160)).astype(np.uint8)
    _, png = cv2.imencode(".png", slope)
    return base64.b64encode(png.tobytes()).decode()


SEARCHES = {
    "SearchFaces": lambda face, _image: {"FaceId": face},
    "SearchFacesByImage": lambda _face, image: {"Image": image},
    "SearchUsers": lambda face, _image: {"FaceId": face},
    "SearchUsersByImage": lambda _face, image: {"Image": image},
}


@pytest.mark.parametrize("operation", SEARCHES)
def test_a_collection_deleted_before_the_search_does_not_exist(
    fake_server: Line, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    image = {"Bytes": picture()}
    call(fake_server, "CreateCollection", CollectionId="team")
    stored = call(fake_server, "IndexFaces", CollectionId="team", Image=image, QualityFilter="NONE")
    face_id = stored["FaceRecords"][0]["Face"]["FaceId"]
    cosine = FakeFaceAnalyzer.cosine

    def delete_first(self: FakeFaceAnalyzer, similarity: float) -> float:
        """The threshold is asked for after the collection was looked up and before the search."""
        call(fake_server, "DeleteCollection", CollectionId="team")
        return cosine(self, similarity)

    monkeypatch.setattr(FakeFaceAnalyzer, "cosine", delete_first)
    request = {"CollectionId": "team", **SEARCHES[operation](face_id, image)}
    answer = fake_server.plain(operation, orjson.dumps(request))
    assert (answer.status, answer.code) == (400, "ResourceNotFoundException")
    assert "team does not exist" in answer.body.decode()
