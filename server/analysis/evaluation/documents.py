"""The files that training a model of Custom Labels leaves, in the formats of AWS's pages: the
summary of its evaluation, snapshots of the pictures with predictions, and the manifest summary.

Snapshots of labels of whole images name their predictions `rekognition-custom-labels-evaluation-0`
and so on, those of objects `rekognition-custom-labels-evaluation`: both as AWS's page has them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from openrekog.models.custom.labels import TrueLabel
from openrekog.models.results import Box
from openrekog.server.analysis.dataset_faults import Census, Fault, Faults, UseCase
from openrekog.server.analysis.evaluation.metrics import (
    FULL,
    Evaluation,
    Judged,
    LabelEvaluation,
    Metrics,
    judge,
)
from openrekog.server.analysis.manifests.annotations import CLASSIFICATION, DETECTION, METADATA
from openrekog.server.analysis.matching import PredictedPicture, expected

TRAINING, EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"
TRAINING_JOB, EVALUATION_JOB = f"{TRAINING}-job", f"{EVALUATION}-job"
DETAILS = f"{EVALUATION}-details"

MANIFEST_SUMMARY = "manifest_summary.json"
TRAINING_VALIDATION = "training_manifest_with_validation.json"
TESTING_VALIDATION = "testing_manifest_with_validation.json"

MOST_NEGATIVES = 10
"""True negatives in a line, the most confident: a model of 250 labels has 249 for each picture."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What an evaluation does not know of the model that was evaluated."""

    project_version_arn: str
    training_images: int
    ended: datetime


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture in its bucket, upright and in pixels, with truth and predictions."""

    source_ref: str
    width: int
    height: int
    picture: PredictedPicture


def summary_name(project: str, version: str) -> str:
    return f"EvaluationSummary-{project}-{version}.json"


def evaluation_summary(evaluation: Evaluation, trained: Trained) -> dict[str, Any]:
    """The labels are in the order of their F1 scores, the best first."""
    return {
        "Version": 1,
        "EvaluationDetails": {
            "ProjectVersionArn": trained.project_version_arn,
            "EvaluationEndTimestamp": _timestamp(trained.ended),
            "Labels": [label.label for label in evaluation.labels],
            "NumberOfTrainingImages": trained.training_images,
            "NumberOfTestingImages": evaluation.testing_images,
        },
        "AggregatedEvaluationResults": {
            "Metrics": {**_metrics(evaluation.metrics), **_of_all(evaluation)}
        },
        "LabelEvaluationResults": [_label_result(label) for label in best_first(evaluation.labels)],
    }


def best_first(labels: Iterable[LabelEvaluation]) -> list[LabelEvaluation]:
    return sorted(labels, key=lambda label: -label.metrics.f1_score)


def _label_result(label: LabelEvaluation) -> dict[str, Any]:
    return {
        "Label": label.label,
        "NumberOfTestingImages": label.testing_images,
        "Metrics": {"Threshold": label.threshold, **_metrics(label.metrics)},
    }


def _metrics(metrics: Metrics) -> dict[str, float]:
    return {
        "Precision": metrics.precision,
        "Recall": metrics.recall,
        "F1Score": metrics.f1_score,
    }


def _of_all(evaluation: Evaluation) -> dict[str, Any]:
    if evaluation.located:
        return {
            "AveragePrecision": evaluation.average_precision,
            "AverageRecall": evaluation.average_recall,
        }
    return {
        "ConfusionMatrix": [
            {
                "GroundTruthLabel": confusion.ground_truth_label,
                "PredictedLabel": confusion.predicted_label,
                "Value": confusion.value,
            }
            for confusion in evaluation.confusions
        ]
    }


def snapshot_line(
    pictured: Pictured, thresholds: Mapping[str, float], ended: datetime, *, located: bool
) -> bytes:
    """A line of an evaluation manifest snapshot, with its end; of labels without a threshold, which
    the model does not know, nothing is told."""
    judged = _telling(judge(pictured.picture, thresholds, located=located))
    there = expected(pictured.picture, located=located).values()
    true = [label for label in there if label.name in thresholds]
    attributes = (
        _box_attributes(pictured, true, judged) if located else _label_attributes(true, judged)
    )
    line: dict[str, Any] = {"source-ref": pictured.source_ref}
    for name, value, metadata in attributes:
        line |= {name: value, name + METADATA: {**metadata, "creation-date": _timestamp(ended)}}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _telling(judged: Iterable[Judged]) -> list[Judged]:
    """The most confident first; true negatives, which are many, only so far."""
    kept: list[Judged] = []
    negatives = 0
    for each in sorted(judged, key=lambda each: -each.prediction.confidence):
        negatives += not (each.present or each.above)
        if each.present or each.above or negatives <= MOST_NEGATIVES:
            kept.append(each)
    return kept


Attributes = Iterator[tuple[str, Any, dict[str, Any]]]


def _label_attributes(true: Sequence[TrueLabel], judged: Sequence[Judged]) -> Attributes:
    for number, label in enumerate(true):
        yield f"{TRAINING}-{number}", 1, _label_metadata(label.name, 1.0, TRAINING_JOB)
    for number, each in enumerate(judged):
        said = each.prediction
        metadata = _label_metadata(said.name, said.confidence / FULL, EVALUATION_JOB)
        yield f"{EVALUATION}-{number}", 1, {**metadata, DETAILS: _details(each)}


def _label_metadata(name: str, confidence: float, job: str) -> dict[str, Any]:
    return {"class-name": name, "confidence": confidence, **_annotated(CLASSIFICATION, job)}


def _box_attributes(
    pictured: Pictured, true: Sequence[TrueLabel], judged: Sequence[Judged]
) -> Attributes:
    drawn = [
        (label.name, label.box, {"confidence": 1.0}) for label in true if label.box is not None
    ]
    found = [
        (
            each.prediction.name,
            each.prediction.box,
            {"confidence": each.prediction.confidence / FULL, DETAILS: _details(each)},
        )
        for each in judged
        if each.prediction.box is not None
    ]
    yield f"{TRAINING}-0", *_boxes(pictured, drawn, TRAINING_JOB)
    yield EVALUATION, *_boxes(pictured, found, EVALUATION_JOB)


def _boxes(
    pictured: Pictured, boxes: Sequence[tuple[str, Box, dict[str, Any]]], job: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The value of an attribute and its metadata."""
    ids = {name: number for number, name in enumerate(dict.fromkeys(name for name, _, _ in boxes))}
    value = {
        "annotations": [
            {"class_id": ids[name], **_pixels(pictured, box)} for name, box, _ in boxes
        ],
        "image_size": [{"width": pictured.width, "height": pictured.height, "depth": 3}],
    }
    metadata = {
        "objects": [told for _, _, told in boxes],
        "class-map": {str(number): name for name, number in ids.items()},
        **_annotated(DETECTION, job),
    }
    return value, metadata


def _pixels(pictured: Pictured, box: Box) -> dict[str, int]:
    left, top = round(box.left * pictured.width), round(box.top * pictured.height)
    return {
        "left": left,
        "top": top,
        "width": round((box.left + box.width) * pictured.width) - left,
        "height": round((box.top + box.height) * pictured.height) - top,
    }


def _annotated(kind: str, job: str) -> dict[str, str]:
    human = "yes" if job == TRAINING_JOB else "no"
    return {"job-name": job, "human-annotated": human, "type": kind}


def _details(each: Judged) -> dict[str, Any]:
    return {
        "version": 1,
        "ground-truth-labelling-jobs": [TRAINING_JOB],
        "is-true-positive": each.present and each.above,
        "is-true-negative": not each.present and not each.above,
        "is-false-positive": not each.present and each.above,
        "is-false-negative": each.present and not each.above,
        "is-present-in-ground-truth": each.present,
    }


def manifest_summary(training: Census, testing: Census, faults: Faults) -> dict[str, Any]:
    use_case = training.use_case
    return {
        "statistics": {
            "training": _statistics(training, faults.training, use_case),
            "testing": _statistics(testing, faults.testing, use_case),
        },
        "errors": _errors(faults.both),
    }


def _statistics(
    census: Census, faults: Iterable[Fault], use_case: UseCase | None
) -> dict[str, Any]:
    return {
        "use_case": use_case or "NOT_DETERMINED",
        "total_json_lines": census.total,
        "valid_json_lines": census.valid,
        "invalid_json_lines": census.invalid,
        "ignored_json_lines": census.ignored,
        "error_json_line_indices": census.faulty,
        "errors": _errors(faults),
    }


def _errors(faults: Iterable[Fault]) -> list[dict[str, str]]:
    return [each._asdict() for each in faults]


def _timestamp(moment: datetime) -> str:
    """As AWS writes it: UTC, and no word of that."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
