"""Trainings that cannot be, and what their owners are told."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import COLOURS, Line, Studio, coloured, labelled

INVALID = "ERROR_INVALID_IMAGE"


@pytest.fixture
def studio(server: ServerProcess, client: Any, region: str) -> Studio:
    return Studio(server, client, f"studio-{region}")


def boxed(line: Line, count: int) -> Line:
    """The line with so many boxes instead of a label."""
    box = {"class_id": 0, "left": 1, "top": 2, "width": 30, "height": 40}
    metadata = {
        "objects": [{"confidence": 1}] * count,
        "class-map": {"0": "red"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2024-05-18T22:18:13.527256",
    }
    size = [{"width": 96, "height": 96, "depth": 3}]
    return {
        "source-ref": line["source-ref"],
        "box": {"image_size": size, "annotations": [box] * count},
        "box-metadata": metadata,
    }


Lines = list[Line | bytes]
Set = tuple[Lines, Lines]


def one_class(studio: Studio) -> Set:
    return [*studio.paint(["red"], range(5))], [*studio.paint(["red"], range(5, 7))]


def no_overlap(studio: Studio) -> Set:
    lines = studio.paint(["red", "green"], range(5))
    blue = [labelled(line["source-ref"], f"other {line['label-0']}") for line in lines[:3]]
    return [*lines], [*blue, labelled(lines[4]["source-ref"], "else")]


def missing(studio: Studio) -> Set:
    lines = studio.paint(COLOURS, range(5))
    gone = [labelled(f"s3://{studio.name}/gone-{number}.png", "red") for number in range(5)]
    return [*lines, *gone], [*lines]


def corrupt(studio: Studio) -> Set:
    lines = studio.paint(COLOURS, range(5))
    for line in lines[:5]:
        studio.put(line["source-ref"].rsplit("/", 1)[1], coloured("red", 1)[:200])
    tests = studio.paint(COLOURS, range(5, 7))
    return [*lines], [*tests]


def many_boxes(studio: Studio) -> Set:
    lines = studio.paint(["red"], range(5))
    return [boxed(line, 51) for line in lines], [boxed(line, 2) for line in lines]


def no_json(studio: Studio) -> Set:
    lines = studio.paint(COLOURS, range(3))
    return [*lines, b"{", b"\xff\0", b"7"], [*lines]


TOO_MANY = "The manifest file contains too many invalid rows."

UNFIT: dict[str, tuple[Callable[[Studio], Set], str]] = {
    "one class": (one_class, "The manifest file has too few labels."),
    "no overlap": (no_overlap, "Less than 50% label overlap"),
    "missing pictures": (missing, TOO_MANY),
    "corrupt pictures": (corrupt, TOO_MANY),
    "51 boxes": (many_boxes, TOO_MANY),
    "no JSON": (no_json, TOO_MANY),
}


@pytest.mark.parametrize("case", UNFIT)
def test_data_that_cannot_be_learnt_from(studio: Studio, case: str) -> None:
    make, expected = UNFIT[case]
    studio.create_project()
    training, testing = make(studio)
    version = studio.train(
        TrainingData=studio.manifest("train.manifest", training),
        TestingData=studio.manifest("test.manifest", testing),
    )
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_FAILED"
    assert expected in found["StatusMessage"]
    assert "EvaluationResult" not in found
    summary = orjson.loads(studio.read(found["ManifestSummary"]))
    told = [*summary["errors"], *summary["statistics"]["training"]["errors"]]
    assert any(expected in error["message"] for error in told), summary
    assert summary["statistics"]["training"]["total_json_lines"] == len(training)
    assert len(studio.lines(found["TrainingDataResult"]["Validation"])) == len(training)
    studio.client.delete_project_version(ProjectVersionArn=version)


def test_a_few_bad_pictures_are_left_out_and_told(studio: Studio) -> None:
    studio.create_project()
    lines = studio.paint(COLOURS, range(7))
    studio.put("red-0.png", b"no picture")
    studio.put("red-1.png", coloured("red", 1, side=40))
    gone = labelled(f"s3://{studio.name}/gone.png", "red")
    unlabelled: Line = {"source-ref": studio.put("plain.png", coloured("red", 2))}
    training = [*lines, gone, unlabelled]
    version = studio.train(
        TrainingData=studio.manifest("train.manifest", training),
        TestingData=studio.manifest("test.manifest", [*studio.paint(COLOURS, [8]), gone][:4]),
    )
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_FAILED"
    version = studio.train(
        "v2",
        TrainingData=studio.manifest("train.manifest", training),
        TestingData=studio.manifest("test.manifest", [*studio.paint(COLOURS, [8, 9]), gone]),
    )
    found = studio.wait(version)
    assert found["Status"] == "TRAINING_COMPLETED", found
    summary = orjson.loads(studio.read(found["ManifestSummary"]))["statistics"]
    assert summary["training"] == {
        "use_case": "IMAGE_LEVEL_LABELS",
        "total_json_lines": 23,
        "valid_json_lines": 19,
        "invalid_json_lines": 3,
        "ignored_json_lines": 1,
        "error_json_line_indices": [1, 2, 22],
        "errors": [],
    }
    assert summary["testing"]["error_json_line_indices"] == [7]
    validated = studio.lines(found["TrainingDataResult"]["Validation"])
    codes = {line["source-ref"].rsplit("/", 1)[1]: line.get("cl-errors") for line in validated}
    assert [error["code"] for error in codes["red-0.png"]] == [INVALID]
    assert [error["code"] for error in codes["red-1.png"]] == [f"{INVALID}_DIMENSION"]
    assert [error["code"] for error in codes["gone.png"]] == [INVALID]
    assert codes["red-2.png"] is None
    assert len(studio.lines(found["TrainingDataResult"]["Output"])) == 19
    assert len(studio.lines(found["TestingDataResult"]["Output"])) == 6


@pytest.mark.parametrize(
    ("key", "lines", "message"),
    [
        ("none.manifest", None, "The manifest file extension or contents are invalid."),
        ("empty.manifest", [b"", b" "], "The manifest file is empty."),
        (
            "long.manifest",
            [b'{"source-ref":"s3://photos/%d"}' % n for n in range(20_001)],
            "The manifest file has too many rows.",
        ),
    ],
)
def test_manifests_that_cannot_be_read(studio: Studio, key: str, lines: Any, message: str) -> None:
    studio.create_project()
    data = studio.manifest(key, lines or [])
    if lines is None:
        (studio.folder(studio.name) / key).unlink()
    found = studio.wait(studio.train(TrainingData=data, TestingData={"AutoCreate": True}))
    assert found["Status"] == "TRAINING_FAILED"
    assert found["StatusMessage"].startswith(message)
    assert "ManifestSummary" not in found


ASSETS = {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "bucket", "Name": "m"}}}]}
AUTO = {"AutoCreate": True}


def test_manifests_are_bounded(studio: Studio) -> None:
    studio.create_project()
    lines = [b'{"source-ref":"s3://photos/%d"}' % n for n in range(20_001)]
    data = studio.manifest("long.manifest", lines)
    found = studio.wait(studio.train(TrainingData=data, TestingData=AUTO))
    assert found["StatusMessage"] == "The manifest file has too many rows."


@pytest.mark.parametrize("member", ["TrainingData", "TestingData"])
def test_a_version_has_one_dataset_of_a_kind(studio: Studio, member: str) -> None:
    """AWS's quota; and none of a thousand manifests is opened."""
    studio.create_project()
    data = {"TrainingData": ASSETS, "TestingData": ASSETS}
    many = {**data, member: {"Assets": 1000 * ASSETS["Assets"]}}
    told = refused_with("LimitExceededException", studio.train, **many)
    assert f"{member} has 1000 Assets" in told


def test_a_bucket_that_takes_nothing(studio: Studio) -> None:
    studio.create_project()
    studio.create_dataset("TRAIN", studio.paint(COLOURS, range(5)))
    found = studio.wait(studio.train(OutputConfig={"S3Bucket": "nowhere"}))
    assert found["Status"] == "TRAINING_FAILED"
    assert found["StatusMessage"].startswith("Unable to write to output S3 bucket.")
    assert not studio.folder("nowhere").exists()


def test_labels_of_too_few_pictures_to_split(studio: Studio) -> None:
    studio.create_project()
    studio.create_dataset("TRAIN", studio.paint(COLOURS, [0]))
    found = studio.wait(studio.train())
    assert found["Status"] == "TRAINING_FAILED"
    assert "insufficient labeled images per label" in found["StatusMessage"]


REFUSED: dict[str, dict[str, Any]] = {
    "training data alone": {"TrainingData": ASSETS},
    "testing data alone": {"TestingData": AUTO},
    "no assets": {"TrainingData": {"Assets": []}, "TestingData": AUTO},
    "no testing assets": {"TrainingData": ASSETS, "TestingData": {"AutoCreate": False}},
    "assets and AutoCreate": {"TrainingData": ASSETS, "TestingData": {**ASSETS, **AUTO}},
    "no key": {
        "TrainingData": {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "bucket"}}}]},
        "TestingData": AUTO,
    },
    "nothing to train with": {},
    "KMS": {"TrainingData": ASSETS, "TestingData": AUTO, "KmsKeyId": "alias/mine"},
    "no bucket": {"TrainingData": ASSETS, "TestingData": AUTO, "OutputConfig": {}},
    "FeatureConfig": {
        "TrainingData": ASSETS,
        "TestingData": AUTO,
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 50.0}},
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_at_once(studio: Studio, case: str) -> None:
    studio.create_project()
    refused_with("InvalidParameterException", studio.train, **REFUSED[case])


def test_a_project_with_datasets_takes_no_manifests(studio: Studio) -> None:
    project = studio.create_project()
    studio.create_dataset("TEST", studio.paint(COLOURS, range(2)))
    code = "InvalidParameterException"
    refused_with(code, studio.train)
    refused_with(code, studio.train, TrainingData=ASSETS, TestingData=AUTO)
    gone = project.replace("colours", "none")
    refused_with("ResourceNotFoundException", studio.train, ProjectArn=gone)
