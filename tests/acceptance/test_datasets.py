"""Datasets of Custom Labels: from a manifest, from another one, or empty."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.acceptance.refusals import refused_with

Line = dict[str, Any]


def image(number: int, label: str | None = None) -> Line:
    line: Line = {"source-ref": f"s3://photos/pets/{number}.jpg"}
    if label is not None:
        line["kind"] = 1
        line["kind-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": "groundtruth/image-classification",
            "human-annotated": "yes",
            "creation-date": "2024-05-18T22:18:13.527256",
        }
    return line


BOX: Line = {
    "source-ref": "s3://photos/pets/3.jpg",
    "bb": {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [
            {"class_id": 0, "left": 1, "top": 2, "width": 30, "height": 40},
            {"class_id": 0, "left": 620, "top": 2, "width": 30, "height": 40},
        ],
    },
    "bb-metadata": {
        "objects": [{"confidence": 1}, {"confidence": 1}],
        "class-map": {"0": "dog"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2024-05-18T22:18:13.527256",
    },
}
LINES = [image(0, "cat"), image(1, "cat"), image(2, "dog"), BOX, image(4)]


def as_manifest(lines: Sequence[Line | bytes]) -> bytes:
    return b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)


@pytest.fixture
def project(client: Any) -> str:
    arn: str = client.create_project(ProjectName="pets")["ProjectArn"]
    return arn


@pytest.fixture
def bucket(server: Any, region: str) -> Path:
    folder: Path = server.data_dir / "buckets" / f"sets-{region}"
    folder.mkdir(parents=True)
    return folder


def create(client: Any, project: str, kind: str = "TRAIN", **more: Any) -> str:
    made = client.create_dataset(ProjectArn=project, DatasetType=kind, **more)
    arn: str = made["DatasetArn"]
    return arn


def from_manifest(bucket: Path, lines: Sequence[Line | bytes]) -> dict[str, Any]:
    (bucket / "train.manifest").write_bytes(as_manifest(lines))
    place = {"Bucket": bucket.name, "Name": "train.manifest"}
    return {"DatasetSource": {"GroundTruthManifest": {"S3Object": place}}}


def change(client: Any, dataset: str, lines: Sequence[Line | bytes]) -> None:
    client.update_dataset_entries(DatasetArn=dataset, Changes={"GroundTruth": as_manifest(lines)})


def state(client: Any, dataset: str) -> Any:
    return client.describe_dataset(DatasetArn=dataset)["DatasetDescription"]


def entries(client: Any, dataset: str, **shown: Any) -> list[Line]:
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=dataset, **shown)
    return [orjson.loads(entry) for page in pages for entry in page["DatasetEntries"]]


def numbers(client: Any, dataset: str, **shown: Any) -> list[int]:
    found = entries(client, dataset, **shown)
    return [int(Path(entry["source-ref"]).stem) for entry in found]


def labels(client: Any, dataset: str) -> dict[str, tuple[int, int]]:
    pages = client.get_paginator("list_dataset_labels").paginate(
        DatasetArn=dataset, PaginationConfig={"PageSize": 1}
    )
    return {
        found["LabelName"]: (
            found["LabelStats"]["EntryCount"],
            found["LabelStats"]["BoundingBoxCount"],
        )
        for page in pages
        for found in page["DatasetLabelDescriptions"]
    }


def test_from_a_manifest(client: Any, project: str, bucket: Path) -> None:
    dataset = create(client, project, **from_manifest(bucket, LINES), Tags={"a": "b"})
    assert dataset.startswith(f"{project.rsplit('/', 1)[0]}/dataset/train/")
    found = state(client, dataset)
    assert (found["Status"], found["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")
    assert found["DatasetStats"] == {
        "LabeledEntries": 4,
        "TotalEntries": 5,
        "TotalLabels": 2,
        "ErrorEntries": 1,
    }
    assert labels(client, dataset) == {"cat": (2, 0), "dog": (2, 1)}
    listed = entries(client, dataset, PaginationConfig={"PageSize": 2})
    assert listed[0] == LINES[0] | {"cl-metadata": {"is_labeled": True}}
    assert listed[3]["bb"]["annotations"][1]["cl-errors"][0]["code"] == "ERROR_INVALID_BOUNDING_BOX"
    assert client.list_tags_for_resource(ResourceArn=dataset)["Tags"] == {"a": "b"}
    [described] = client.describe_projects()["ProjectDescriptions"]
    [told] = described["Datasets"]
    assert (told["DatasetArn"], told["DatasetType"]) == (dataset, "TRAIN")
    assert told["Status"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"ContainsLabels": ["cat"]}, [0, 1]),
        ({"ContainsLabels": ["dog", "none"]}, [2, 3]),
        ({"Labeled": False}, [4]),
        ({"Labeled": True}, [0, 1, 2, 3]),
        ({"SourceRefContains": "pets/2"}, [2]),
        ({"SourceRefContains": "PETS"}, []),
        ({"HasErrors": True}, [3]),
        ({"ContainsLabels": ["dog"], "HasErrors": False}, [2]),
    ],
)
def test_filters(client: Any, project: str, bucket: Path, shown: Any, expected: list[int]) -> None:
    dataset = create(client, project, **from_manifest(bucket, LINES))
    assert numbers(client, dataset, **shown) == expected


@pytest.mark.parametrize("shown", [{"ContainsLabels": ["a\0"]}, {"SourceRefContains": "a\0"}])
def test_filters_that_are_refused(client: Any, project: str, shown: Any) -> None:
    dataset = create(client, project)
    refused_with(
        "InvalidParameterException", client.list_dataset_entries, DatasetArn=dataset, **shown
    )


def test_what_a_dataset_does_not_take(client: Any, project: str, bucket: Path) -> None:
    lines: Sequence[Line | bytes] = [image(n, "cat") for n in range(12)]
    wrong: Sequence[Line | bytes] = [b"{", {"kind": 1}, image(0, "dog")]
    dataset = create(client, project, **from_manifest(bucket, [*lines, *wrong]))
    found = state(client, dataset)
    assert found["Status"] == "CREATE_COMPLETE"
    assert "3 of 15 lines were left out: line 13 ERROR_INVALID_JSON_LINE" in found["StatusMessage"]
    assert labels(client, dataset) == {"cat": (12, 0)}


def test_more_than_a_fifth_wrong(client: Any, project: str, bucket: Path) -> None:
    lines: Sequence[Line | bytes] = [image(n, "cat") for n in range(3)]
    unusable = image(9, "cat") | {"kind": "x"}
    dataset = create(client, project, **from_manifest(bucket, [*lines, unusable]))
    found = state(client, dataset)
    assert (found["Status"], found["StatusMessageCode"]) == ("CREATE_FAILED", "CLIENT_ERROR")
    assert "ERROR_TOO_MANY_RECORDS_IN_ERROR" in found["StatusMessage"]
    assert found["DatasetStats"]["TotalEntries"] == 0
    refused_with(
        "InvalidParameterException",
        client.update_dataset_entries,
        DatasetArn=dataset,
        Changes={"GroundTruth": as_manifest([image(1, "cat")])},
    )
    client.delete_dataset(DatasetArn=dataset)
    create(client, project, **from_manifest(bucket, lines))


def test_changes_add_and_replace_by_image(client: Any, project: str) -> None:
    dataset = create(client, project)
    assert state(client, dataset)["DatasetStats"]["TotalEntries"] == 0
    change(client, dataset, [image(0, "cat"), image(1)])
    change(client, dataset, [image(1, "dog"), image(0, "cow"), image(2, "dog"), b""])
    assert numbers(client, dataset) == [0, 1, 2]
    assert labels(client, dataset) == {"cow": (1, 0), "dog": (2, 0)}
    assert state(client, dataset)["Status"] == "UPDATE_COMPLETE"
    change(client, dataset, [image(5, "cat"), b"{"])
    assert state(client, dataset)["Status"] == "UPDATE_FAILED"
    assert numbers(client, dataset) == [0, 1, 2]


def test_a_copy_of_another_dataset(client: Any, project: str) -> None:
    source = create(client, project)
    change(client, source, list(LINES))
    copy = create(client, project, "TEST", DatasetSource={"DatasetArn": source})
    assert entries(client, copy) == entries(client, source)
    assert labels(client, copy) == labels(client, source)
    client.delete_dataset(DatasetArn=source)
    assert len(entries(client, copy)) == 5


def test_distribution(client: Any, project: str) -> None:
    train, test = create(client, project), create(client, project, "TEST")
    change(client, train, [image(n, "cat") for n in range(4)])
    both = [{"Arn": train}, {"Arn": test}]
    code = "InvalidParameterException"
    refused_with(code, client.distribute_dataset_entries, Datasets=both)
    change(client, train, [image(n, "cat") for n in range(22)])
    refused_with(code, client.distribute_dataset_entries, Datasets=[both[0], both[0]])
    client.distribute_dataset_entries(Datasets=both)
    moved, left = numbers(client, test), numbers(client, train)
    assert len(moved) == 4
    assert sorted([*moved, *left]) == list(range(22))
    assert labels(client, test) == {"cat": (4, 0)}
    assert {state(client, arn)["Status"] for arn in (train, test)} == {"UPDATE_COMPLETE"}
    refused_with(code, client.distribute_dataset_entries, Datasets=both)


def test_one_dataset_of_each_type(client: Any, project: str) -> None:
    dataset = create(client, project)
    request = {"ProjectArn": project, "DatasetType": "TRAIN"}
    refused_with("ResourceAlreadyExistsException", client.create_dataset, **request)
    client.delete_project(ProjectArn=project)
    refused_with("ResourceNotFoundException", client.describe_dataset, DatasetArn=dataset)


def test_sources_that_are_refused(client: Any, project: str, bucket: Path) -> None:
    request = {"ProjectArn": project, "DatasetType": "TRAIN"}
    nowhere = {"S3Object": {"Bucket": bucket.name, "Name": "none.manifest"}}
    sources = {
        "InvalidS3ObjectException": {"GroundTruthManifest": nowhere},
        "InvalidParameterException": {},
        "ResourceNotFoundException": {"DatasetArn": f"{project.rsplit('/', 1)[0]}/dataset/train/1"},
    }
    for code, source in sources.items():
        refused_with(code, client.create_dataset, **request, DatasetSource=source)
    many = from_manifest(bucket, [b'{"source-ref":"s3://photos/%d"}' % n for n in range(20_001)])
    refused_with("LimitExceededException", client.create_dataset, **request, **many)
    adapter = client.create_project(
        ProjectName="adapter", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED"
    )["ProjectArn"]
    refused_with(
        "InvalidParameterException", client.create_dataset, ProjectArn=adapter, DatasetType="TRAIN"
    )
    assert client.describe_projects()["ProjectDescriptions"][0]["Datasets"] == []


def test_datasets_survive_the_end_of_the_server(launch: Any) -> None:
    server = launch()
    client = server.client()
    project = client.create_project(ProjectName="pets")["ProjectArn"]
    dataset = create(client, project)
    change(client, dataset, list(LINES))
    server.kill()
    server.start()
    assert numbers(client, dataset) == [0, 1, 2, 3, 4]
    assert state(client, dataset)["Status"] == "UPDATE_COMPLETE"
