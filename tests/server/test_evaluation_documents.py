"""The files about an evaluation, member by member as on AWS's pages."""

from datetime import UTC, datetime
from typing import Any

import orjson

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Box
from openrekog.server.analysis.dataset_faults import Census, find_faults
from openrekog.server.analysis.evaluation.documents import (
    MOST_NEGATIVES,
    Pictured,
    Trained,
    evaluation_summary,
    manifest_summary,
    snapshot_line,
    summary_name,
)
from openrekog.server.analysis.evaluation.metrics import Evaluation, evaluate
from openrekog.server.analysis.manifests.lines import parse_line
from openrekog.server.analysis.matching import PredictedPicture

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/pets/version/v1/1574317227432"
ENDED = datetime(2026, 11, 26, 7, 30, 23, 910943, UTC)
WHEN = "2026-11-26T07:30:23.910943"
SOURCE = "s3://photos/pets/1.jpg"
JOB = "rekognition-custom-labels-evaluation-job"


def classified() -> Evaluation:
    pictures = [
        PredictedPicture([TrueLabel("cat")], [CustomLabel("cat", 90), CustomLabel("dog", 40)]),
        PredictedPicture([TrueLabel("dog")], [CustomLabel("cat", 30), CustomLabel("dog", 70)]),
        PredictedPicture([TrueLabel("dog")], [CustomLabel("cat", 10), CustomLabel("dog", 20)]),
    ]
    return evaluate(["dog", "cat"], pictures, located=False)


def test_the_name_of_the_summary() -> None:
    assert summary_name("pets", "v1") == "EvaluationSummary-pets-v1.json"


def test_the_summary_of_a_classifier() -> None:
    summary = evaluation_summary(classified(), Trained(ARN, 12, ENDED))
    assert summary == {
        "Version": 1,
        "EvaluationDetails": {
            "ProjectVersionArn": ARN,
            "EvaluationEndTimestamp": WHEN,
            "Labels": ["dog", "cat"],
            "NumberOfTrainingImages": 12,
            "NumberOfTestingImages": 3,
        },
        "AggregatedEvaluationResults": {
            "Metrics": {
                "Precision": (2 / 3 + 1) / 2,
                "Recall": 1.0,
                "F1Score": 0.9,
                "ConfusionMatrix": [
                    confusion("dog", "dog", 1.0),
                    confusion("dog", "cat", 0.0),
                    confusion("cat", "dog", 1.0),
                    confusion("cat", "cat", 1.0),
                ],
            }
        },
        "LabelEvaluationResults": [
            result("cat", 1, 0.6, (1.0, 1.0, 1.0)),
            result("dog", 2, 0.1, (2 / 3, 1.0, 0.8)),
        ],
    }
    orjson.dumps(summary)


def confusion(truth: str, predicted: str, value: float) -> dict[str, Any]:
    return {"GroundTruthLabel": truth, "PredictedLabel": predicted, "Value": value}


def result(
    label: str, images: int, threshold: float, metrics: tuple[float, float, float]
) -> dict[str, Any]:
    told = dict(zip(("Precision", "Recall", "F1Score"), metrics, strict=True))
    return {
        "Label": label,
        "NumberOfTestingImages": images,
        "Metrics": {"Threshold": threshold, **told},
    }


def test_the_summary_of_a_detector_has_averages_and_no_matrix() -> None:
    here = Box(0.1, 0.1, 0.3, 0.3)
    picture = PredictedPicture([TrueLabel("cap", here)], [CustomLabel("cap", 80, here)])
    evaluation = evaluate(["cap"], [picture], located=True)
    summary = evaluation_summary(evaluation, Trained(ARN, 1, ENDED))
    metrics = summary["AggregatedEvaluationResults"]["Metrics"]
    assert metrics == dict.fromkeys(
        ("Precision", "Recall", "F1Score", "AveragePrecision", "AverageRecall"), 1.0
    )


def test_a_snapshot_line_of_labels() -> None:
    said = PredictedPicture([TrueLabel("cat")], [CustomLabel("dog", 20), CustomLabel("cat", 95)])
    pictured = Pictured(SOURCE, 640, 480, said)
    line = snapshot_line(pictured, {"cat": 0.5, "dog": 0.5}, ENDED, located=False)
    assert line.endswith(b"}\n")
    found = orjson.loads(line)
    assert found["rekognition-custom-labels-training-0-metadata"] == {
        "confidence": 1.0,
        "job-name": "rekognition-custom-labels-training-job",
        "class-name": "cat",
        "human-annotated": "yes",
        "creation-date": WHEN,
        "type": "groundtruth/image-classification",
    }
    assert found["rekognition-custom-labels-evaluation-0"] == 1
    assert found["rekognition-custom-labels-evaluation-0-metadata"] == {
        "confidence": 0.95,
        "job-name": JOB,
        "class-name": "cat",
        "human-annotated": "no",
        "creation-date": WHEN,
        "type": "groundtruth/image-classification",
        "rekognition-custom-labels-evaluation-details": details("true-positive", present=True),
    }
    second = found["rekognition-custom-labels-evaluation-1-metadata"]
    assert second["rekognition-custom-labels-evaluation-details"] == details("true-negative")
    # What is written can be read as a dataset again, and names the truth.
    assert "cat" in parse_line(line).labels


def details(kind: str, *, present: bool = False) -> dict[str, Any]:
    kinds = ("true-positive", "true-negative", "false-positive", "false-negative")
    return {
        "version": 1,
        "ground-truth-labelling-jobs": ["rekognition-custom-labels-training-job"],
        **{f"is-{each}": each == kind for each in kinds},
        "is-present-in-ground-truth": present,
    }


def test_a_snapshot_line_of_boxes() -> None:
    here, there = Box(0.25, 0.5, 0.25, 0.25), Box(0, 0, 0.125, 0.125)
    said = PredictedPicture(
        [TrueLabel("cap", here)], [CustomLabel("cap", 60, here), CustomLabel("pot", 70, there)]
    )
    pictured = Pictured(SOURCE, 640, 480, said)
    found = orjson.loads(snapshot_line(pictured, {"cap": 0.8, "pot": 0.2}, ENDED, located=True))
    size = [{"width": 640, "height": 480, "depth": 3}]
    cap = {"left": 160, "top": 240, "width": 160, "height": 120}
    assert found["rekognition-custom-labels-training-0"] == {
        "annotations": [{"class_id": 0, **cap}],
        "image_size": size,
    }
    assert found["rekognition-custom-labels-evaluation"] == {
        "annotations": [
            {"class_id": 0, "left": 0, "top": 0, "width": 80, "height": 60},
            {"class_id": 1, **cap},
        ],
        "image_size": size,
    }
    metadata = found["rekognition-custom-labels-evaluation-metadata"]
    assert metadata["class-map"] == {"0": "pot", "1": "cap"}
    assert metadata["type"] == "groundtruth/object-detection"
    name = "rekognition-custom-labels-evaluation-details"
    assert metadata["objects"] == [
        {"confidence": 0.7, name: details("false-positive")},
        {"confidence": 0.6, name: details("false-negative", present=True)},
    ]


def test_of_many_labels_only_the_likeliest_wrong_ones_are_told() -> None:
    names = [f"label {number}" for number in range(50)]
    said = [CustomLabel(name, float(number)) for number, name in enumerate(names)]
    pictured = Pictured(SOURCE, 64, 64, PredictedPicture([TrueLabel("label 0")], said))
    line = orjson.loads(snapshot_line(pictured, dict.fromkeys(names, 0.485), ENDED, located=False))
    told = [
        value["class-name"] for key, value in line.items() if "evaluation-" in key and value != 1
    ]
    assert told == [names[n] for n in (49, *range(48, 48 - MOST_NEGATIVES, -1), 0)]


def test_the_manifest_summary() -> None:
    good = labelled("cat")
    bad = b'{"source-ref": "s3://photos/2.jpg", "kind": "x", "kind-metadata": {}}'
    training = Census.of(map(parse_line, [good, labelled("dog"), good, good, bad]))
    testing = Census.of(map(parse_line, [good, b'{"source-ref": "s3://photos/3.jpg"}']))
    assert manifest_summary(training, testing, find_faults(training, testing)) == {
        "statistics": {
            "training": {
                "use_case": "IMAGE_LEVEL_LABELS",
                "total_json_lines": 5,
                "valid_json_lines": 4,
                "invalid_json_lines": 1,
                "ignored_json_lines": 0,
                "error_json_line_indices": [5],
                "errors": [],
            },
            "testing": {
                "use_case": "IMAGE_LEVEL_LABELS",
                "total_json_lines": 2,
                "valid_json_lines": 1,
                "invalid_json_lines": 0,
                "ignored_json_lines": 1,
                "error_json_line_indices": [],
                "errors": [
                    {
                        "code": "ERROR_MANIFEST_TOO_FEW_LABELS",
                        "message": "The manifest file has too few labels.",
                    }
                ],
            },
        },
        "errors": [],
    }


def labelled(name: str) -> bytes:
    metadata = {
        "class-name": name,
        "confidence": 1,
        "type": "groundtruth/image-classification",
        "human-annotated": "yes",
        "creation-date": "2024-05-18T22:18:13.527256",
    }
    return orjson.dumps({"source-ref": SOURCE, "kind": 1, "kind-metadata": metadata})
