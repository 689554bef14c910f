"""DetectCustomLabels through boto3: what a model of one's own says of a picture."""

import io
import urllib.request
from typing import Any

import PIL.Image
import pytest

from openrekog.models.custom.labels import CustomLabel
from openrekog.models.results import Box
from openrekog.server.operations.custom_labels import member
from tests.acceptance.custom_models import LABELS, Trained, coloured, picture, trained
from tests.acceptance.photos import MIB, jpeg, padded, png
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess


@pytest.fixture(scope="module")
def model(server: ServerProcess) -> Trained:
    return trained(server, "us-east-1").start()


def names(found: list[dict[str, Any]]) -> list[str]:
    return [label["Name"] for label in found]


def test_the_label_of_a_picture(model: Trained) -> None:
    for label in LABELS:
        [found] = model.ask(label)
        assert found.keys() == {"Name", "Confidence"}
        assert found["Name"] == label
        assert 80 < found["Confidence"] <= 100


def test_all_labels_best_first(model: Trained) -> None:
    found = model.ask("red", MinConfidence=0)
    assert found[0]["Name"] == "red"
    assert sorted(names(found)) == sorted(LABELS)
    confidences = [label["Confidence"] for label in found]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(100, abs=0.1)
    assert model.ask("red", MinConfidence=0, MaxResults=2) == found[:2]
    assert model.ask("red", MinConfidence=0, MaxResults=0) == found
    between = (confidences[1] + confidences[2]) / 2
    assert model.ask("red", MinConfidence=between) == found[:2]
    assert model.ask("red", MinConfidence=100) == [
        label for label in found if label["Confidence"] == 100
    ]


def test_without_a_least_confidence_each_label_has_its_own(
    server: ServerProcess, region: str
) -> None:
    strict = trained(server, region, thresholds={"red": 1.0, "green": 0.0, "blue": 0.5}).start()
    assert names(strict.ask("red")) == ["green"]
    assert names(strict.ask("blue")) == ["blue", "green"]
    assert names(strict.ask("red", MinConfidence=50)) == ["red"]


def test_a_picture_in_a_bucket(server: ServerProcess, model: Trained) -> None:
    folder = server.data_dir / "buckets" / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "blue.png").write_bytes(png(coloured("blue", 1000)))
    place = {"S3Object": {"Bucket": "photos", "Name": "blue.png"}}
    asked = {"ProjectVersionArn": model.arn, "Image": place}
    assert names(model.client.detect_custom_labels(**asked)["CustomLabels"]) == ["blue"]
    place["S3Object"]["Name"] = "none.png"
    refused_with("InvalidS3ObjectException", model.client.detect_custom_labels, **asked)


WIDE = coloured("red").resize((1300, 64))

REFUSED = {
    "63 pixels": ("InvalidParameterException", jpeg(coloured("red", side=63))),
    "4097 pixels": ("ImageTooLargeException", jpeg(coloured("red").resize((4097, 300)))),
    "over 4 MiB": ("ImageTooLargeException", padded(jpeg(coloured("red")), 4 * MIB + 1)),
    "over 20 to 1": ("InvalidParameterException", jpeg(WIDE)),
    "upright, over 20 to 1": (
        "InvalidParameterException",
        jpeg(WIDE.transpose(PIL.Image.Transpose.ROTATE_90)),
    ),
    "no picture": ("InvalidImageFormatException", b"no picture at all" * 9),
}

TAKEN = {
    "64 pixels": jpeg(coloured("red", side=64)),
    "4096 pixels": jpeg(coloured("red").resize((4096, 300))),
    "4 MiB": padded(jpeg(coloured("red")), 4 * MIB),
    "20 to 1": jpeg(coloured("red").resize((1280, 64))),
}


@pytest.mark.parametrize(("code", "data"), REFUSED.values(), ids=REFUSED)
def test_pictures_that_are_refused(model: Trained, code: str, data: bytes) -> None:
    asked = {"ProjectVersionArn": model.arn, "Image": {"Bytes": data}}
    refused_with(code, model.client.detect_custom_labels, **asked)


@pytest.mark.parametrize("data", TAKEN.values(), ids=TAKEN)
def test_the_smallest_and_the_largest_pictures(model: Trained, data: bytes) -> None:
    asked = {"ProjectVersionArn": model.arn, "Image": {"Bytes": data}}
    assert names(model.client.detect_custom_labels(**asked)["CustomLabels"]) == ["red"]


@pytest.mark.parametrize(
    "wrong", [{"MinConfidence": 101}, {"MinConfidence": -1}, {"MaxResults": -1}]
)
def test_numbers_out_of_range(model: Trained, wrong: dict[str, Any]) -> None:
    asked = {"ProjectVersionArn": model.arn, "Image": picture(), **wrong}
    refused_with("ValidationException", model.client.detect_custom_labels, **asked)


def test_where_an_object_is() -> None:
    found = CustomLabel("bolt", 75.0, Box(0.1, 0.2, 0.3, 0.4))
    assert member(found) == {
        "Name": "bolt",
        "Confidence": 75.0,
        "Geometry": {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}},
    }


def test_the_time_of_the_model_is_told(server: ServerProcess, model: Trained) -> None:
    answer = model.client.detect_custom_labels(ProjectVersionArn=model.arn, Image=picture())
    assert "model;dur=" in answer["ResponseMetadata"]["HTTPHeaders"]["server-timing"]
    with urllib.request.urlopen(f"{server.url}/metrics") as metrics:
        lines = io.TextIOWrapper(metrics).read()
    assert 'openrekog_model_seconds_count{model="custom/classifier"}' in lines
    assert 'openrekog_request_seconds_count{operation="DetectCustomLabels"}' in lines
