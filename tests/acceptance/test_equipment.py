"""DetectProtectiveEquipment through a real request."""

from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL import ImageDraw
from PIL.Image import Image

from tests.acceptance.photos import astronaut, jpeg, nobody, person, photograph, png
from tests.acceptance.refusals import refused_with

MIB = 1024 * 1024
PARTS = ["FACE", "HEAD", "LEFT_HAND", "RIGHT_HAND"]
SUMMARY = [
    "PersonsWithRequiredEquipment",
    "PersonsWithoutRequiredEquipment",
    "PersonsIndeterminate",
]


def detect(client: Any, picture: bytes, **options: Any) -> dict[str, Any]:
    answer = client.detect_protective_equipment(Image={"Bytes": picture}, **options)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def required(*types: str, least: float = 80) -> dict[str, Any]:
    attributes = {"MinConfidence": least, "RequiredEquipmentTypes": list(types)}
    return {"SummarizationAttributes": attributes}


def tinted(red: int, blue: int) -> bytes:
    """The stripes in which the fake pack sees one person, of this colour below."""
    pixels = np.zeros((96, 96, 3), np.uint8)
    pixels[48:] = (red, 100, blue)
    pixels[:, ::8] //= 2
    return png(PIL.Image.fromarray(pixels))


def part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (someone,) = answer["Persons"]
    (found,) = [one for one in someone["BodyParts"] if one["Name"] == name]
    return dict(found)


class TestAnswer:
    def test_without_a_summary(self, client: Any) -> None:
        answer = detect(client, person(1))
        assert set(answer) == {"ProtectiveEquipmentModelVersion", "Persons"}
        assert answer["ProtectiveEquipmentModelVersion"] == "1.0"
        (someone,) = answer["Persons"]
        assert set(someone) == {"BodyParts", "BoundingBox", "Confidence", "Id"}
        assert someone["Id"] == 0
        assert [one["Name"] for one in someone["BodyParts"]] == PARTS
        for one in someone["BodyParts"]:
            assert 50 <= one["Confidence"] <= 100
            assert isinstance(one["EquipmentDetections"], list)

    def test_nobody_is_a_success(self, client: Any) -> None:
        answer = detect(client, nobody(), **required("FACE_COVER"))
        assert answer["Persons"] == []
        assert answer["Summary"] == {name: [] for name in SUMMARY}

    def test_a_covered_and_a_bare_face(self, client: Any) -> None:
        (mask,) = part(detect(client, tinted(red=20, blue=200)), "FACE")["EquipmentDetections"]
        assert set(mask) == {"BoundingBox", "Confidence", "Type", "CoversBodyPart"}
        assert mask["Type"] == "FACE_COVER"
        assert mask["CoversBodyPart"]["Value"] is True
        assert part(detect(client, tinted(red=200, blue=20)), "FACE")["EquipmentDetections"] == []

    @pytest.mark.parametrize(
        ("red", "blue", "types", "least", "where"),
        [
            pytest.param(20, 200, ["FACE_COVER"], 80, SUMMARY[0], id="masked"),
            pytest.param(200, 20, ["FACE_COVER"], 80, SUMMARY[1], id="bare"),
            pytest.param(20, 200, ["FACE_COVER", "HEAD_COVER"], 80, SUMMARY[1], id="no hat"),
            pytest.param(20, 200, ["FACE_COVER"], 99.95, SUMMARY[2], id="not sure enough"),
            pytest.param(20, 200, ["FACE_COVER"], 0, SUMMARY[0], id="any confidence"),
        ],
    )
    def test_summary(
        self, client: Any, red: int, blue: int, types: list[str], least: float, where: str
    ) -> None:
        answer = detect(client, tinted(red, blue), **required(*types, least=least))
        assert answer["Summary"] == {name: [0] if name == where else [] for name in SUMMARY}


class TestLimits:
    @pytest.mark.parametrize(("width", "height"), [(64, 64), (4096, 64), (64, 4096)])
    def test_the_smallest_and_the_largest(self, client: Any, width: int, height: int) -> None:
        assert detect(client, nobody(width, height))["Persons"] == []

    @pytest.mark.parametrize(
        ("code", "width", "height"),
        [
            ("InvalidParameterException", 63, 200),
            ("InvalidParameterException", 200, 63),
            ("ImageTooLargeException", 4097, 64),
            ("ImageTooLargeException", 64, 4097),
        ],
    )
    def test_beyond(self, client: Any, code: str, width: int, height: int) -> None:
        picture = nobody(width, height)
        refused_with(code, client.detect_protective_equipment, Image={"Bytes": picture})

    def test_four_mebibytes_and_no_more(self, client: Any) -> None:
        picture = jpeg(photograph("chelsea.png"))
        most = picture + bytes(4 * MIB - len(picture))
        assert len(detect(client, most)["Persons"]) == 1
        operation = client.detect_protective_equipment
        refused_with("ImageTooLargeException", operation, Image={"Bytes": most + b"\0"})
        # Other operations take it.
        assert client.detect_faces(Image={"Bytes": most + b"\0"})["FaceDetails"]
        beyond = picture + bytes(5 * MIB + 1 - len(picture))
        refused_with("ValidationException", operation, Image={"Bytes": beyond})

    @pytest.mark.parametrize(
        "attributes",
        [
            {"MinConfidence": 80},
            {"RequiredEquipmentTypes": ["FACE_COVER"]},
            {"MinConfidence": 101, "RequiredEquipmentTypes": ["FACE_COVER"]},
            {"MinConfidence": 80, "RequiredEquipmentTypes": ["EAR_COVER"]},
        ],
        ids=["no types", "no confidence", "too sure", "no such type"],
    )
    def test_summarization_attributes(self, client: Any, attributes: dict[str, Any]) -> None:
        operation, image = client.detect_protective_equipment, {"Bytes": nobody()}
        code = "ValidationException"
        refused_with(code, operation, Image=image, SummarizationAttributes=attributes)


def masked(picture: Image) -> Image:
    """The astronaut with a surgical mask from ear to ear, drawn by hand."""
    drawn = picture.copy()
    outline = [(172, 112), (222, 108), (268, 116), (262, 150), (240, 174), (218, 178), (188, 160)]
    ImageDraw.Draw(drawn).polygon(outline, fill=(170, 205, 225))
    return drawn


class TestPhotographs:
    def test_the_astronaut_wears_nothing_of_it(self, real_client: Any) -> None:
        """Her helmet stands beside her, and a suit is no face, head or hand cover."""
        answer = detect(real_client, jpeg(astronaut()), **required("FACE_COVER"))
        (someone, *_) = answer["Persons"]
        assert someone["Confidence"] > 80
        assert someone["BoundingBox"]["Height"] > 0.8
        parts = {one["Name"]: one for one in someone["BodyParts"]}
        for name in ("FACE", "HEAD"):
            assert parts[name]["Confidence"] > 95
            assert parts[name]["EquipmentDetections"] == []
        assert 0 in answer["Summary"]["PersonsWithoutRequiredEquipment"]

    def test_a_mask_on_her_face_is_seen(self, real_client: Any) -> None:
        answer = detect(real_client, jpeg(masked(astronaut())))
        parts = {one["Name"]: one for one in answer["Persons"][0]["BodyParts"]}
        (mask,) = parts["FACE"]["EquipmentDetections"]
        assert mask["Type"] == "FACE_COVER"
        assert mask["Confidence"] > 80
        box = mask["BoundingBox"]
        assert (box["Left"] + box["Width"] / 2) * 512 == pytest.approx(220, abs=15)
        assert (box["Top"] + box["Height"] / 2) * 512 == pytest.approx(145, abs=20)

    def test_a_cat_is_no_person(self, real_client: Any) -> None:
        assert detect(real_client, jpeg(photograph("chelsea.png")))["Persons"] == []
