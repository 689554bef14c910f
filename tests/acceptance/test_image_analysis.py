"""Bulk jobs with any image operation: an extension, which is asked for by plain HTTP."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
import requests
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from openrekog.api_spec.shapes import ImageOperation
from tests.acceptance.conftest import Launch
from tests.acceptance.custom_models import Trained, trained
from tests.acceptance.photos import jpeg, person, photograph
from tests.acceptance.servers import ServerProcess

OUT = {"S3Bucket": "out", "S3KeyPrefix": "results"}
MANIFEST = {"S3Object": {"Bucket": "photos", "Name": "list.jsonl"}}


@pytest.fixture
def photos(server: ServerProcess) -> Path:
    return fill(server)


def fill(server: ServerProcess) -> Path:
    """A bucket with two pictures, and a manifest that also names one that is missing."""
    folder = server.data_dir / "buckets" / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "out").mkdir(exist_ok=True)
    (folder / "one.jpg").write_bytes(person(1))
    (folder / "cat.jpg").write_bytes(jpeg(photograph("chelsea.png")))
    lines = (f'{{"source-ref": "s3://photos/{key}.jpg"}}\n' for key in ("one", "cat", "missing"))
    (folder / "list.jsonl").write_text("".join(lines))
    return folder


def signed(server: ServerProcess, region: str, key: Any, operation: str, body: bytes) -> AWSRequest:
    request = AWSRequest(
        "POST",
        f"{server.url}/ext/{operation}",
        data=body,
        headers={"content-type": "application/json"},
    )
    credentials = Credentials(key["access_key_id"], key["secret_access_key"])
    SigV4Auth(credentials, "rekognition", region).add_auth(request)
    return request


ANYBODY = {"access_key_id": "any", "secret_access_key": "any"}


def ask(
    server: ServerProcess, region: str, operation: str, key: Any = ANYBODY, **members: Any
) -> Any:
    request = signed(server, region, key, operation, orjson.dumps(members)).prepare()
    answer = requests.post(request.url, request.body, headers=dict(request.headers), timeout=20)
    return answer.json()


def start(server: ServerProcess, region: str, operation: str, **members: Any) -> Any:
    asked = {"Operation": operation, "Input": MANIFEST, "OutputConfig": OUT, **members}
    return ask(server, region, "StartImageAnalysisJob", **asked)


def wait(server: ServerProcess, region: str, job: str) -> dict[str, Any]:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        answer: dict[str, Any] = ask(server, region, "GetImageAnalysisJob", JobId=job)
        if answer["Status"] not in ("QUEUED", "IN_PROGRESS"):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"job {job} did not end")


def stored(server: ServerProcess, place: dict[str, Any]) -> bytes:
    bucket, name = place["S3Object"]["Bucket"], place["S3Object"]["Name"]
    path: Path = server.data_dir / "buckets" / bucket / name
    return path.read_bytes()


# Operation -> its parameters, and the key of its answers in the file.
OPERATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "DetectFaces": ({"Attributes": ["ALL"]}, "detect-faces"),
    "DetectLabels": ({"MinConfidence": 20, "MaxLabels": 3}, "detect-labels"),
    "DetectModerationLabels": ({"MinConfidence": 1}, "detect-moderation-labels"),
    "DetectProtectiveEquipment": ({}, "detect-protective-equipment"),
    "DetectText": ({}, "detect-text"),
    "RecognizeCelebrities": ({}, "recognize-celebrities"),
    "SearchFacesByImage": ({"CollectionId": "people", "MaxFaces": 1}, "search-faces-by-image"),
    "SearchUsersByImage": ({"CollectionId": "people"}, "search-users-by-image"),
}


DEEP = orjson.Fragment(b"[" * 300 + b"]" * 300)
ADAPTER = "arn:aws:rekognition:us-east-1:000000000000:project/colours/version/v1/1700000000000"


def call(client: Any, operation: str, **request: Any) -> Any:
    answer = getattr(client, xform_name(operation))(**request)
    del answer["ResponseMetadata"]
    return answer


def test_results_are_the_answers_of_the_operation(
    server: ServerProcess, client: Any, region: str, photos: Path, people: str
) -> None:
    client.index_faces(CollectionId=people, Image={"Bytes": person(1)})
    model = trained(server, region).start()
    custom = {"ProjectVersionArn": model.arn, "MinConfidence": 0}
    operations = {**OPERATIONS, "DetectCustomLabels": (custom, "detect-custom-labels")}
    assert operations.keys() == {*get_args(ImageOperation)}
    jobs = {
        name: start(server, region, name, Parameters=parameters)["JobId"]
        for name, (parameters, _) in operations.items()
    }
    for name, (parameters, key) in operations.items():
        answer = wait(server, region, jobs[name])
        assert answer["Status"] == "SUCCEEDED", (name, answer)
        lines = [orjson.loads(line) for line in stored(server, answer["Results"]).splitlines()]
        assert [line["source-ref"] for line in lines] == [
            "s3://photos/one.jpg",
            "s3://photos/cat.jpg",
        ]
        for line, image in zip(lines, ("one.jpg", "cat.jpg"), strict=True):
            place = {"S3Object": {"Bucket": "photos", "Name": image}}
            assert line[key] == call(client, name, **parameters, Image=place), name
        summary = orjson.loads(stored(server, answer["ManifestSummary"]))
        assert [failed["code"] for failed in summary["errors"]] == ["InvalidS3ObjectException"]


def test_a_job_is_described_as_the_docs_page_has_it(
    server: ServerProcess, region: str, photos: Path
) -> None:
    parameters = {"Attributes": ["ALL"]}
    before = time.time()
    job = start(server, region, "DetectFaces", Parameters=parameters, JobName="night")["JobId"]
    answer = wait(server, region, job)
    assert before - 1 <= answer.pop("CreationTimestamp") <= answer.pop("CompletionTimestamp")
    assert answer == {
        "JobId": job,
        "JobName": "night",
        "Operation": "DetectFaces",
        "Parameters": parameters,
        "Status": "SUCCEEDED",
        "Input": MANIFEST,
        "OutputConfig": OUT,
        "Results": {"S3Object": {"Bucket": "out", "Name": f"results/{job}/results.jsonl"}},
        "ManifestSummary": {"S3Object": {"Bucket": "out", "Name": f"results/{job}/summary.json"}},
    }
    other = start(server, region, "DetectText")["JobId"]
    first = ask(server, region, "ListImageAnalysisJobs", MaxResults=1)
    second = ask(server, region, "ListImageAnalysisJobs", NextToken=first["NextToken"])
    listed = [*first["ImageAnalysisJobs"], *second["ImageAnalysisJobs"]]
    assert [one["JobId"] for one in listed] == [other, job]
    missing = ask(server, "elsewhere-1", "GetImageAnalysisJob", JobId=job)
    assert missing["__type"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "message"),
    [
        ("DetectEverything", {}, "ValidationException", "DetectEverything"),
        ("IndexFaces", {"CollectionId": "people"}, "ValidationException", "IndexFaces"),
        ("DetectFaces", {"Attributes": ["NOSE"]}, "InvalidParameterException", "NOSE"),
        ("DetectFaces", {"Attributes": 7}, "InvalidParameterException", "none of DetectFaces"),
        ("SearchFacesByImage", {}, "InvalidParameterException", "'collectionId'"),
        (
            "SearchFacesByImage",
            {"CollectionId": "nobody"},
            "ResourceNotFoundException",
            "The collection id: nobody does not exist",
        ),
        (
            "DetectModerationLabels",
            {"ProjectVersion": ADAPTER},
            "ResourceNotFoundException",
            "colours",
        ),
        ("DetectCustomLabels", {"ProjectVersionArn": ADAPTER}, "ResourceNotFoundException", ""),
        ("DetectFaces", {"Image": {}}, "InvalidParameterException", "hold no Image"),
        (
            "DetectModerationLabels",
            {"HumanLoopConfig": {}},
            "InvalidParameterException",
            "starts no human loops",
        ),
        ("DetectFaces", 7, "SerializationException", ""),
        ("DetectFaces", {"A": "x" * 70_000}, "InvalidParameterException", "more than 65536"),
        ("DetectFaces", {"A": DEEP}, "InvalidParameterException", "cannot be kept"),
    ],
)
def test_what_is_wrong_with_every_image_is_told_at_once(
    server: ServerProcess,
    region: str,
    photos: Path,
    operation: str,
    parameters: Any,
    code: str,
    message: str,
) -> None:
    answer = start(server, region, operation, Parameters=parameters)
    assert answer["__type"] == code
    assert message in answer.get("Message", answer.get("message", ""))


MANY = 20_000
"""Lines that a job would be busy with for most of a minute."""


def delete(client: Any, _model: Trained) -> None:
    client.delete_collection(CollectionId="people")


def stop(client: Any, model: Trained) -> None:
    client.stop_project_version(ProjectVersionArn=model.arn)


@pytest.mark.parametrize(
    ("operation", "end", "code", "message"),
    [
        ("DetectCustomLabels", stop, "RESOURCE_NOT_READY", ", not RUNNING"),
        ("SearchFacesByImage", delete, "RESOURCE_NOT_FOUND", "people does not exist"),
    ],
    ids=["a model is stopped", "a collection is deleted"],
)
def test_what_the_lines_need_ends_before_the_job_does(
    server: ServerProcess,
    client: Any,
    region: str,
    photos: Path,
    people: str,
    operation: str,
    end: Callable[[Any, Trained], None],
    code: str,
    message: str,
) -> None:
    """A result that lacks the rest of the lines would look whole."""
    client.index_faces(CollectionId=people, Image={"Bytes": person(1)})
    model = trained(server, region).start()
    of = {"DetectCustomLabels": {"ProjectVersionArn": model.arn}}
    parameters = of.get(operation, {"CollectionId": people})
    (photos / "many.jsonl").write_text('{"source-ref": "s3://photos/one.jpg"}\n' * MANY)
    many = {"S3Object": {"Bucket": "photos", "Name": "many.jsonl"}}
    job = start(server, region, operation, Parameters=parameters, Input=many)["JobId"]
    while ask(server, region, "GetImageAnalysisJob", JobId=job)["Status"] == "QUEUED":
        time.sleep(0.1)
    end(client, model)
    answer = wait(server, region, job)
    assert (answer["Status"], answer["FailureDetails"]["Code"]) == ("FAILED", code)
    assert message in answer["FailureDetails"]["Message"]
    assert "Results" not in answer
    assert not (server.data_dir / "buckets" / "out" / "results" / job / "results.jsonl").exists()


def test_a_key_may_start_what_it_may_do_itself(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    fill(server)
    policy = tmp_path / "policy.json"
    allowed = ["rekognition:StartImageAnalysisJob", "rekognition:DetectFaces"]
    staff = {
        "Effect": "Allow",
        "Action": "rekognition:SearchFacesByImage",
        "Resource": "arn:aws:rekognition:us-east-1:111122223333:collection/staff",
    }
    rules = [{"Effect": "Allow", "Action": allowed, "Resource": "*"}, staff]
    policy.write_bytes(orjson.dumps({"Version": "2012-10-17", "Statement": rules}))
    key = server.create_key("111122223333", "--policy", str(policy))

    def outcome(operation: str, **parameters: Any) -> Any:
        return start(server, "us-east-1", operation, Parameters=parameters, key=key)

    assert len(outcome("DetectFaces")["JobId"]) == 64
    for operation, parameters in (
        ("DetectText", {}),
        ("SearchFacesByImage", {"CollectionId": "x"}),
    ):
        refused = outcome(operation, **parameters)
        assert refused["__type"] == "AccessDeniedException"
        assert f"rekognition:{operation}" in refused["Message"]
    found = outcome("SearchFacesByImage", CollectionId="staff")
    assert found["__type"] == "ResourceNotFoundException"  # allowed, but there is none


def test_sdks_do_not_see_it(server: ServerProcess, client: Any, photos: Path) -> None:
    answer = requests.post(
        server.url,
        b"{}",
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "RekognitionService.ListImageAnalysisJobs",
        },
        timeout=20,
    )
    assert answer.json()["__type"] == "UnknownOperationException"
    plain = requests.post(f"{server.url}/ListImageAnalysisJobs", json={}, timeout=20)
    assert plain.json()["__type"] == "UnknownOperationException"
