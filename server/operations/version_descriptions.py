"""A version of a model as DescribeProjectVersions tells of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from openrekog.api_spec.shapes import ProjectVersionDescription, S3Object
from openrekog.collections_store.records import Project, ProjectVersion
from openrekog.server.analysis.evaluation.documents import (
    MANIFEST_SUMMARY,
    TESTING_VALIDATION,
    TRAINING_VALIDATION,
)
from openrekog.server.jobs.training.files import EVALUATION, TESTING_SNAPSHOT, TRAINING_SNAPSHOT
from openrekog.server.operations.project_arns import version_arn

ECHOED = ("OutputConfig", "FeatureConfig")

RESULTS = (
    ("TrainingDataResult", "TrainingData", TRAINING_SNAPSHOT, TRAINING_VALIDATION),
    ("TestingDataResult", "TestingData", TESTING_SNAPSHOT, TESTING_VALIDATION),
)
"""Member, what it was asked with, and the files of its Output and Validation."""


def description(project: Project, version: ProjectVersion) -> ProjectVersionDescription:
    request: Mapping[str, Any] = orjson.loads(version.request)
    members = {
        "ProjectVersionArn": version_arn(project, version),
        "CreationTimestamp": datetime.fromtimestamp(version.created_at, UTC),
        "Status": version.status,
        "Feature": project.feature,
        **{name: request[name] for name in ECHOED if name in request},
        **_known(version),
        **_trained(version),
        **_files(version, request),
    }
    return cast(ProjectVersionDescription, members)


def _known(version: ProjectVersion) -> dict[str, Any]:
    told = {
        "StatusMessage": version.message,
        "MinInferenceUnits": version.min_units,
        "MaxInferenceUnits": version.max_units,
        "SourceProjectVersionArn": version.source_arn,
        "VersionDescription": version.description,
        "BaseModelVersion": version.base_model_version,
    }
    return {name: value for name, value in told.items() if value is not None}


def _trained(version: ProjectVersion) -> dict[str, Any]:
    """What is known once the training has ended."""
    if version.ended_at is None:
        return {}
    return {
        "TrainingEndTimestamp": datetime.fromtimestamp(version.ended_at, UTC),
        "BillableTrainingTimeInSeconds": round(version.billable_seconds),
    }


def _files(version: ProjectVersion, request: Mapping[str, Any]) -> dict[str, Any]:
    written: Mapping[str, S3Object] = orjson.loads(version.outputs or "{}")
    told: dict[str, Any] = {}
    for member, asked, snapshot, validation in RESULTS:
        result = {
            **({"Input": request[asked]} if asked in request else {}),
            **({"Output": _assets(written[snapshot])} if snapshot in written else {}),
            **({"Validation": _assets(written[validation])} if validation in written else {}),
        }
        if result:
            told[member] = result
    if MANIFEST_SUMMARY in written:
        told["ManifestSummary"] = {"S3Object": written[MANIFEST_SUMMARY]}
    if version.evaluation is not None:
        told["EvaluationResult"] = _evaluation(version.evaluation, written)
    return told


def _evaluation(evaluation: str, written: Mapping[str, S3Object]) -> dict[str, Any]:
    """A copied model has the numbers of its source, and no files."""
    metrics = orjson.loads(evaluation)["AggregatedEvaluationResults"]["Metrics"]
    summary = {"S3Object": written[EVALUATION]} if EVALUATION in written else None
    return {"F1Score": metrics["F1Score"], **({"Summary": summary} if summary else {})}


def _assets(place: S3Object) -> dict[str, Any]:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": place}}]}
