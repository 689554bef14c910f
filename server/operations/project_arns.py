"""ARNs of projects and of what belongs to them, and the rows that they name."""

import re
from collections.abc import Callable, Mapping

from openrekog.api_spec import errors
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import (
    Dataset,
    DatasetType,
    Project,
    ProjectVersion,
    Scope,
)
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context

NAME, STAMP = r"[a-zA-Z0-9_.\-]{1,255}", r"[0-9]{1,18}"
PROJECT = rf"arn:aws:rekognition:(?P<region>[^:]*):(?P<account>[^:]*):project/(?P<project>{NAME})"

PROJECT_ARN = re.compile(rf"{PROJECT}/(?P<stamp>{STAMP})")
DATASET_ARN = re.compile(rf"{PROJECT}/dataset/(?P<type>train|test)/(?P<stamp>{STAMP})")
VERSION_ARN = re.compile(rf"{PROJECT}/version/(?P<version>{NAME})/(?P<stamp>{STAMP})")

TYPES: Mapping[str, DatasetType] = {"train": "TRAIN", "test": "TEST"}


def project_arn(project: Project) -> str:
    return f"{_prefix(project)}/{project.stamp}"


def dataset_arn(project: Project, dataset: Dataset) -> str:
    return f"{_prefix(project)}/dataset/{dataset.type.lower()}/{dataset.stamp}"


def version_arn(project: Project, version: ProjectVersion) -> str:
    return f"{_prefix(project)}/version/{version.name}/{version.stamp}"


def find_project(rows: Transaction, context: Context, arn: str) -> Project:
    match = _match(PROJECT_ARN, context.scope, arn)
    try:
        return rows.projects.get(context.scope, match["project"], int(match["stamp"]))
    except NotFound as error:
        raise not_there(arn) from error


def find_labels_project(rows: Transaction, context: Context, arn: str) -> Project:
    """A project for Custom Labels; adapters have neither datasets nor policies."""
    return _of_labels(find_project(rows, context, arn))


def find_dataset(rows: Transaction, context: Context, arn: str) -> tuple[Project, Dataset]:
    match = _match(DATASET_ARN, context.scope, arn)
    try:
        project = rows.projects.named(context.scope, match["project"])
        return project, rows.datasets.get(project, TYPES[match["type"]], int(match["stamp"]))
    except NotFound as error:
        raise not_there(arn) from error


def find_version(rows: Transaction, context: Context, arn: str) -> ProjectVersion:
    return _version_in_project(rows, context, arn)[1]


def find_labels_version(
    rows: Transaction, context: Context, arn: str
) -> tuple[Project, ProjectVersion]:
    """A model for Custom Labels with its project; adapters are not started, and do not answer."""
    project, version = _version_in_project(rows, context, arn)
    return _of_labels(project), version


def find_adapter(context: Context, arn: str) -> ProjectVersion:
    with context.reading() as rows:
        project, version = _version_in_project(rows, context, arn)
    if project.feature != "CONTENT_MODERATION":
        raise errors.InvalidParameter(f"The project version {arn} is no adapter.")
    return version


def place_of(project_arn: str) -> Scope:
    """The account and the region that a project is in, or would be."""
    match = PROJECT_ARN.fullmatch(project_arn)
    if match is None:
        raise not_there(project_arn)
    return Scope(match["account"], match["region"])


def find_shared_version(
    rows: Transaction, project_arn: str, arn: str
) -> tuple[Project, ProjectVersion]:
    """A model of any account, and the project that it must be of."""
    of, match = PROJECT_ARN.fullmatch(project_arn), VERSION_ARN.fullmatch(arn)
    if of is None or match is None or not arn.startswith(f"{project_arn.rpartition('/')[0]}/"):
        raise errors.InvalidParameter(f"The model {arn} is not of the project {project_arn}.")
    try:
        project = rows.projects.get(place_of(project_arn), of["project"], int(of["stamp"]))
        version = rows.versions.get(project, match["version"], int(match["stamp"]))
    except NotFound as error:
        raise not_there(arn) from error
    return _of_labels(project), version


FINDERS: tuple[tuple[re.Pattern[str], Callable[[Transaction, Context, str], object]], ...] = (
    (PROJECT_ARN, find_project),
    (DATASET_ARN, find_dataset),
    (VERSION_ARN, find_version),
)


def tagged_project_part(rows: Transaction, context: Context, arn: str) -> str | None:
    """The ARN if it is one of these kinds, once what it names is known to exist."""
    for pattern, find in FINDERS:
        if pattern.fullmatch(arn):
            find(rows, context, arn)
            return arn
    return None


def not_there(arn: str) -> errors.ApiError:
    return errors.ResourceNotFound(f"The resource {arn} does not exist")


def _version_in_project(
    rows: Transaction, context: Context, arn: str
) -> tuple[Project, ProjectVersion]:
    match = _match(VERSION_ARN, context.scope, arn)
    try:
        project = rows.projects.named(context.scope, match["project"])
        return project, rows.versions.get(project, match["version"], int(match["stamp"]))
    except NotFound as error:
        raise not_there(arn) from error


def _of_labels(project: Project) -> Project:
    if project.feature != "CUSTOM_LABELS":
        raise errors.InvalidParameter("The operation is for projects of CUSTOM_LABELS only.")
    return project


def _prefix(project: Project) -> str:
    scope = project.scope
    return f"arn:aws:rekognition:{scope.region}:{scope.account_id}:project/{project.name}"


def _match(pattern: re.Pattern[str], scope: Scope, arn: str) -> re.Match[str]:
    match = pattern.fullmatch(arn)
    here = (scope.region, scope.account_id)
    if match is None or (match["region"], match["account"]) != here:
        raise not_there(arn)
    return match
