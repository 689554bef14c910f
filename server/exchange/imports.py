"""Takes a model that another server has exported into the database of this one."""

import re
from pathlib import Path

import orjson

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.records import NewVersion, Project, ProjectVersion, Scope
from openrekog.collections_store.store import Transaction
from openrekog.models.custom.fine_tuned import KIND, MOST_GRAPH_BYTES, read_any
from openrekog.models.custom.model_file import MOST_BYTES, ModelFileError, OtherFeaturesError
from openrekog.models.custom.opening import open_custom_model
from openrekog.server.exchange.archive import (
    CUSTOM_MODEL,
    EVALUATION,
    LABELS,
    ArchiveError,
    read_member,
)
from openrekog.server.exchange.documents import read_evaluation
from openrekog.server.operations.project_arns import VERSION_ARN, version_arn
from openrekog.server.services import open_models, open_runtime, open_store
from openrekog.server.settings import Settings

MOST_DOCUMENT_BYTES = 4 * 2**20
"""250 labels with names of 255 letters, and what is told of each."""


def imported(
    settings: Settings,
    archive: Path,
    scope: Scope,
    project: str,
    name: str,
    *,
    trust_graph: bool = False,
) -> str:
    """The ARN of the new version; raises ArchiveError."""
    content, new = read_archive(archive, name, MOST_GRAPH_BYTES if trust_graph else MOST_BYTES)
    check_opens(settings, content, trust_graph=trust_graph)
    store = open_store(settings, serving=False)
    try:
        with store.write() as rows:
            found = find_or_make(rows, scope, project)
            return version_arn(found, put(rows, found, new, content))
    finally:
        store.close()


def read_archive(archive: Path, name: str, most_bytes: int) -> tuple[bytes, NewVersion]:
    """The model's file and its row, of which nothing is believed before it is checked."""
    content = read_member(archive, CUSTOM_MODEL, most_bytes)
    if content is None:
        raise ArchiveError(f"{archive} has no {CUSTOM_MODEL}: it is no exported model.")
    evaluation = read_member(archive, EVALUATION, MOST_DOCUMENT_BYTES)
    labels = read_member(archive, LABELS, MOST_DOCUMENT_BYTES)
    try:
        kind = read_any(content).kind
    except ModelFileError as error:
        raise ArchiveError(f"{CUSTOM_MODEL} cannot be taken: {error}.") from error
    return content, NewVersion(
        name,
        orjson.dumps({}).decode(),
        "COPYING_COMPLETED",
        kind="detector" if kind == KIND else kind,  # type: ignore[arg-type]  # whether it is one is checked when it is opened
        source_arn=None if labels is None else source_of(labels),
        evaluation=None if evaluation is None else read_evaluation(evaluation),
    )


def source_of(labels: bytes) -> str | None:
    """Where the model comes from, if the file says so."""
    try:
        document = orjson.loads(labels)
    except orjson.JSONDecodeError as error:
        raise ArchiveError(f"{LABELS} is not JSON: {error}.") from error
    source = document.get("source") if isinstance(document, dict) else None
    known = isinstance(source, str) and re.fullmatch(VERSION_ARN, source)
    return source if known else None


def check_opens(settings: Settings, content: bytes, *, trust_graph: bool) -> None:
    """Whether the server's models can run it."""
    with open_runtime(settings) as runtime:
        try:
            models = open_models(settings, runtime)
            open_custom_model(content, models, runtime, trusted=trust_graph)
        except ModelFileError as error:
            raise ArchiveError(f"{CUSTOM_MODEL} cannot be taken: {error}.") from error
        except OtherFeaturesError as error:
            raise ArchiveError(str(error)) from error


def find_or_make(rows: Transaction, scope: Scope, name: str) -> Project:
    try:
        found = rows.projects.named(scope, name)
    except NotFound:
        return rows.projects.create(scope, name, "CUSTOM_LABELS", None)
    if found.feature != "CUSTOM_LABELS":
        raise ArchiveError(f"The project {name} is for {found.feature}.")
    return found


def put(rows: Transaction, project: Project, new: NewVersion, content: bytes) -> ProjectVersion:
    try:
        version = rows.versions.create(project, new)
    except AlreadyExists as error:
        raise ArchiveError(f"The project {project.name} has a version {new.name}.") from error
    rows.versions.put_content(version, content)
    return version
