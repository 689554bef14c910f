"""The entries of datasets and their labels: listing and changing them."""

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    ListDatasetEntriesRequest,
    ListDatasetEntriesResponse,
    ListDatasetLabelsRequest,
    ListDatasetLabelsResponse,
    UpdateDatasetEntriesRequest,
    UpdateDatasetEntriesResponse,
)
from openrekog.collections_store.records import DatasetState, EntryFilter, NewEntry
from openrekog.server.analysis.manifests.reading import ManifestRead, read_manifest
from openrekog.server.context import Context
from openrekog.server.operations.project_arns import find_dataset
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of

MOST_ENTRIES = 250_000
"""AWS's quota."""

CHANGED = "The dataset was updated successfully."
TOO_MANY_WRONG = "ERROR_TOO_MANY_RECORDS_IN_ERROR: Too many of the lines have errors."


@operation
def list_dataset_entries(
    context: Context, request: ListDatasetEntriesRequest
) -> ListDatasetEntriesResponse:
    shown = EntryFilter(
        labels=request.get("ContainsLabels"),
        labeled=request.get("Labeled"),
        source_ref_part=request.get("SourceRefContains"),
        faulty=request.get("HasErrors"),
    )
    if any("\0" in text for text in (*(shown.labels or ()), shown.source_ref_part or "")):
        raise errors.InvalidParameter("A filter has a NUL in it, which no entry has.")
    with context.reading() as rows:
        _, dataset = find_dataset(rows, context, request["DatasetArn"])
        found, token = page_of(
            context,
            f"ListDatasetEntries:{dataset.key}",
            request.get("NextToken"),
            lambda after: rows.entries.list(dataset, shown, request["MaxResults"], after),
        )
    answer: ListDatasetEntriesResponse = {"DatasetEntries": found}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def list_dataset_labels(
    context: Context, request: ListDatasetLabelsRequest
) -> ListDatasetLabelsResponse:
    with context.reading() as rows:
        _, dataset = find_dataset(rows, context, request["DatasetArn"])
        found, token = page_of(
            context,
            f"ListDatasetLabels:{dataset.key}",
            request.get("NextToken"),
            lambda after: rows.entries.labels(dataset, request["MaxResults"], after),
        )
    answer: ListDatasetLabelsResponse = {
        "DatasetLabelDescriptions": [
            {
                "LabelName": label.name,
                "LabelStats": {"EntryCount": label.entries, "BoundingBoxCount": label.boxed},
            }
            for label in found
        ]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def update_dataset_entries(
    context: Context, request: UpdateDatasetEntriesRequest
) -> UpdateDatasetEntriesResponse:
    """All of the change that is good, or nothing if too much of it is wrong."""
    read = read_manifest(request["Changes"]["GroundTruth"].split(b"\n"), last_counts=True)
    with context.writing() as rows:
        _, dataset = find_dataset(rows, context, request["DatasetArn"])
        if dataset.state.status == "CREATE_FAILED":
            raise errors.InvalidParameter("The dataset could not be created; delete it first.")
        if not read.too_many_wrong:
            rows.entries.put(dataset, new_entries(read))
            if rows.entries.total(dataset) > MOST_ENTRIES:
                raise errors.LimitExceeded(f"A dataset has at most {MOST_ENTRIES} entries.")
        rows.datasets.become(dataset, changed_state(read))
    return {}


def changed_state(read: ManifestRead) -> DatasetState:
    if read.too_many_wrong:
        return DatasetState("UPDATE_FAILED", "CLIENT_ERROR", TOO_MANY_WRONG + read.remark)
    return DatasetState("UPDATE_COMPLETE", "SUCCESS", CHANGED + read.remark)


def new_entries(read: ManifestRead) -> list[NewEntry]:
    return [
        NewEntry(
            entry.source_ref,
            orjson.dumps(entry.document).decode(),
            entry.boxed_by_label,
            entry.faulty,
        )
        for entry in read.entries.values()
    ]
