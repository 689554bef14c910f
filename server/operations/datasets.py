"""Datasets of projects as a whole: making, describing, distributing and deleting them."""

from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    CreateDatasetRequest,
    CreateDatasetResponse,
    DeleteDatasetRequest,
    DeleteDatasetResponse,
    DescribeDatasetRequest,
    DescribeDatasetResponse,
    DistributeDatasetEntriesRequest,
    DistributeDatasetEntriesResponse,
    S3Object,
)
from openrekog.collections_store.errors import AlreadyExists
from openrekog.collections_store.records import Dataset, DatasetState, Project
from openrekog.collections_store.store import Transaction
from openrekog.server.analysis.manifests.reading import ManifestRead, lines_of, read_manifest
from openrekog.server.context import Context
from openrekog.server.operations import tags
from openrekog.server.operations.dataset_entries import new_entries
from openrekog.server.operations.project_arns import (
    dataset_arn,
    find_dataset,
    find_labels_project,
)
from openrekog.server.operations.registry import operation

MIB = 1024 * 1024

# A manifest is read within the request, so that there is never a dataset that waits for a process
# which has died. AWS takes 250,000 lines and 1 GB.
MOST_LINES = 20_000
MOST_BYTES = 64 * MIB

MADE = "The dataset was created successfully."
DISTRIBUTED = DatasetState(
    "UPDATE_COMPLETE", "SUCCESS", "The dataset entries were distributed successfully."
)
TOO_MANY_WRONG = "ERROR_TOO_MANY_RECORDS_IN_ERROR: The manifest file has too many errors."

TEST_SHARE = 5
"""One entry of so many goes to the test dataset: AWS moves 20 %."""


@operation
def create_dataset(context: Context, request: CreateDatasetRequest) -> CreateDatasetResponse:
    source = request.get("DatasetSource", {})
    place, other = source.get("GroundTruthManifest", {}).get("S3Object"), source.get("DatasetArn")
    if "DatasetSource" in request and (place is None) == (other is None):
        raise errors.InvalidParameter("A DatasetSource is either a manifest or a dataset.")
    read = ManifestRead() if place is None else read_object(context, place)
    with context.writing() as rows:
        project = find_labels_project(rows, context, request["ProjectArn"])
        dataset = make(rows, project, request, made_state(read))
        if not read.too_many_wrong:
            rows.entries.add(dataset, new_entries(read))
        if other is not None:
            _, copied = find_dataset(rows, context, other)
            rows.entries.copy(copied, dataset)
        arn = dataset_arn(project, dataset)
        tags.put(rows, arn, request.get("Tags", {}))
    return {"DatasetArn": arn}


@operation
def describe_dataset(context: Context, request: DescribeDatasetRequest) -> DescribeDatasetResponse:
    with context.reading() as rows:
        _, dataset = find_dataset(rows, context, request["DatasetArn"])
        counts = rows.entries.count(dataset)
    return {
        "DatasetDescription": {
            "CreationTimestamp": datetime.fromtimestamp(dataset.created_at, UTC),
            "LastUpdatedTimestamp": datetime.fromtimestamp(dataset.updated_at, UTC),
            "Status": dataset.state.status,
            "StatusMessage": dataset.state.message,
            "StatusMessageCode": dataset.state.code,
            "DatasetStats": {
                "LabeledEntries": counts.labeled,
                "TotalEntries": counts.entries,
                "TotalLabels": counts.labels,
                "ErrorEntries": counts.faulty,
            },
        }
    }


@operation
def delete_dataset(context: Context, request: DeleteDatasetRequest) -> DeleteDatasetResponse:
    with context.writing() as rows:
        project, dataset = find_dataset(rows, context, request["DatasetArn"])
        rows.datasets.delete(dataset)
        rows.tags.clear(dataset_arn(project, dataset))
    return {}


@operation
def distribute_dataset_entries(
    context: Context, request: DistributeDatasetEntriesRequest
) -> DistributeDatasetEntriesResponse:
    with context.writing() as rows:
        found = [find_dataset(rows, context, each["Arn"]) for each in request["Datasets"]]
        train, test = train_and_test(found)
        if rows.entries.total(test):
            raise errors.InvalidParameter("The test dataset is not empty.")
        count = rows.entries.total(train) // TEST_SHARE
        if count == 0:
            raise errors.InvalidParameter(
                f"The training dataset has fewer than {TEST_SHARE} entries to distribute."
            )
        rows.entries.move(train, test, count)
        for dataset in (train, test):
            rows.datasets.become(dataset, DISTRIBUTED)
    return {}


def read_object(context: Context, place: S3Object) -> ManifestRead:
    """Raises InvalidS3Object, or LimitExceeded for a manifest that is too large."""
    if "Bucket" not in place or "Name" not in place:
        raise errors.InvalidS3Object("Request has invalid S3 object.")
    objects = context.services.images.objects
    found = objects.open(place["Bucket"], place["Name"], place.get("Version"))
    with closing(found.file) as file:
        if found.size > MOST_BYTES:
            raise errors.LimitExceeded(f"The manifest has more than {MOST_BYTES} bytes.")
        read = read_manifest(islice(lines_of(file), MOST_LINES), last_counts=False)
        if file.read(1):
            raise errors.LimitExceeded(f"The manifest has more than {MOST_LINES} lines.")
    return read


def made_state(read: ManifestRead) -> DatasetState:
    if read.too_many_wrong:
        return DatasetState("CREATE_FAILED", "CLIENT_ERROR", TOO_MANY_WRONG + read.remark)
    return DatasetState("CREATE_COMPLETE", "SUCCESS", MADE + read.remark)


def make(
    rows: Transaction, project: Project, request: CreateDatasetRequest, state: DatasetState
) -> Dataset:
    kind = request["DatasetType"]
    try:
        return rows.datasets.create(project, kind, state)
    except AlreadyExists as error:
        raise errors.ResourceAlreadyExists(f"The project has a {kind} dataset already.") from error


def train_and_test(found: list[tuple[Project, Dataset]]) -> tuple[Dataset, Dataset]:
    """Whichever way round they are named."""
    by_type = {dataset.type: dataset for _, dataset in found}
    if len({project.key for project, _ in found}) != 1 or len(by_type) != len(found):
        raise errors.InvalidParameter(
            "Name the training and the test dataset of one and the same project."
        )
    return by_type["TRAIN"], by_type["TEST"]
