"""A picture is decoded once for a request, whatever is asked of it."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from openrekog.api_spec.overlay import ImageLimits
from openrekog.server.media.images import ImageLoader, LoadedImage
from tests.acceptance.photos import person
from tests.server.conftest import Line

IMAGE = {"Bytes": base64.b64encode(person(1)).decode()}
EQUIPMENT = {"MinConfidence": 80, "RequiredEquipmentTypes": ["FACE_COVER"]}

REQUESTS: Mapping[str, tuple[Mapping[str, Any], int]] = {
    "DetectFaces": ({"Image": IMAGE, "Attributes": ["ALL"]}, 1),
    "DetectLabels": ({"Image": IMAGE, "Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]}, 1),
    "DetectModerationLabels": ({"Image": IMAGE}, 1),
    "DetectProtectiveEquipment": ({"Image": IMAGE, "SummarizationAttributes": EQUIPMENT}, 1),
    "DetectText": ({"Image": IMAGE}, 1),
    "RecognizeCelebrities": ({"Image": IMAGE}, 1),
    "CompareFaces": ({"SourceImage": IMAGE, "TargetImage": IMAGE}, 2),
}


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_picture_is_decoded_once(
    fake_server: Line, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = ImageLoader.decode

    def counted(loader: ImageLoader, data: bytes, limits: ImageLimits) -> LoadedImage:
        decoded.append(len(data))
        return decode(loader, data, limits)

    monkeypatch.setattr(ImageLoader, "decode", counted)
    payload, pictures = REQUESTS[operation]
    headers = {"content-type": "application/json"}
    answer = fake_server.request("POST", f"/{operation}", orjson.dumps(payload), headers)
    assert (answer.status, len(decoded)) == (200, pictures)
