"""What users of boto3 rely on: typed errors, retries, paginators, plain types, accounts."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, PaginationError

from tests.acceptance.photos import nobody, person
from tests.acceptance.refusals import refusal, refused_with
from tests.acceptance.servers import ServerProcess, clean_environment

# Each is raised by its class of the client, so that `except client.exceptions.X` works.
TYPED: dict[str, tuple[str, dict[str, Any]]] = {
    "ResourceNotFoundException": ("describe_collection", {"CollectionId": "nowhere"}),
    "ResourceAlreadyExistsException": ("create_collection", {"CollectionId": "people"}),
    "ConflictException": ("create_user", {"CollectionId": "people", "UserId": "anna"}),
    "InvalidParameterException": (
        "search_faces_by_image",
        {"CollectionId": "people", "Image": {"Bytes": nobody()}},
    ),
    "InvalidImageFormatException": ("detect_faces", {"Image": {"Bytes": b"no picture"}}),
    "ImageTooLargeException": ("detect_faces", {"Image": {"Bytes": nobody(10_001, 80)}}),
    "InvalidS3ObjectException": (
        "detect_faces",
        {"Image": {"S3Object": {"Bucket": "nowhere", "Name": "a.jpg"}}},
    ),
    "InvalidPaginationTokenException": ("list_collections", {"NextToken": "garbage"}),
    "IdempotentParameterMismatchException": (
        "delete_user",
        {"CollectionId": "people", "UserId": "berta", "ClientRequestToken": "used"},
    ),
}


@pytest.mark.parametrize("code", TYPED)
def test_typed_exceptions(client: Any, people: str, code: str) -> None:
    for user in ("anna", "carla"):
        client.create_user(CollectionId=people, UserId=user)
    client.delete_user(CollectionId=people, UserId="carla", ClientRequestToken="used")
    operation, request = TYPED[code]
    with pytest.raises(getattr(client.exceptions, code)) as raised:
        getattr(client, operation)(**request)
    answer = raised.value.response
    assert answer["Error"]["Code"] == code
    assert answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_an_error_of_the_framework_is_a_plain_client_error(client: Any) -> None:
    with pytest.raises(ClientError) as raised:
        client.create_collection(CollectionId="a b")
    assert type(raised.value) is ClientError
    assert raised.value.response["Error"]["Code"] == "ValidationException"


def test_an_operation_that_is_not_there_yet(client: Any) -> None:
    message = refused_with("UnknownOperationException", client.list_stream_processors)
    assert "ListStreamProcessors" in message


def test_metadata_of_an_answer(client: Any) -> None:
    metadata = client.list_collections()["ResponseMetadata"]
    headers = metadata["HTTPHeaders"]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RequestId"] == headers["x-amzn-requestid"]
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert int(headers["content-length"]) > 0
    date = datetime.strptime(headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - date).total_seconds()) < 30
    assert client.list_collections()["ResponseMetadata"]["RequestId"] != metadata["RequestId"]


def test_plain_types(client: Any, people: str) -> None:
    created = client.describe_collection(CollectionId=people)["CreationTimestamp"]
    assert isinstance(created, datetime)
    assert created.tzinfo is not None
    [face] = client.detect_faces(Image={"Bytes": person(1)})["FaceDetails"]
    # Confidences travel as 32-bit floats, widened: 99.9 is not 99.9 any more.
    assert face["Confidence"] == 99.9000015258789


def test_numbers_may_be_whole(client: Any, people: str) -> None:
    client.index_faces(CollectionId=people, Image={"Bytes": person(1)}, MaxFaces=5)
    answer = client.search_faces_by_image(
        CollectionId=people, Image={"Bytes": person(1)}, FaceMatchThreshold=90
    )
    assert len(answer["FaceMatches"]) == 1


class TestPaginators:
    @pytest.fixture(autouse=True)
    def three_of_each(self, client: Any) -> None:
        for name in ("people", "others", "more"):
            client.create_collection(CollectionId=name)
        for number in range(3):
            client.create_user(CollectionId="people", UserId=f"user{number}")
            client.index_faces(CollectionId="people", Image={"Bytes": person(number)})

    @pytest.mark.parametrize(
        ("operation", "request_", "member"),
        [
            ("list_collections", {}, "CollectionIds"),
            ("list_collections", {}, "FaceModelVersions"),
            ("list_faces", {"CollectionId": "people"}, "Faces"),
            ("list_users", {"CollectionId": "people"}, "Users"),
        ],
    )
    def test_every_page(
        self, client: Any, operation: str, request_: dict[str, Any], member: str
    ) -> None:
        paginator = client.get_paginator(operation)
        pages = list(paginator.paginate(**request_, PaginationConfig={"PageSize": 2}))
        assert [len(page[member]) for page in pages] == [2, 1]
        whole = paginator.paginate(**request_, PaginationConfig={"PageSize": 2})
        assert whole.build_full_result()[member] == getattr(client, operation)(**request_)[member]

    def test_going_on_where_one_has_stopped(self, client: Any) -> None:
        paginator = client.get_paginator("list_faces")
        first = paginator.paginate(
            CollectionId="people", PaginationConfig={"MaxItems": 2, "PageSize": 2}
        ).build_full_result()
        rest = paginator.paginate(
            CollectionId="people", PaginationConfig={"StartingToken": first["NextToken"]}
        ).build_full_result()
        assert len(first["Faces"]) == 2
        assert len(rest["Faces"]) == 1

    def test_a_token_never_repeats(self, client: Any) -> None:
        try:
            pages = client.get_paginator("list_users").paginate(
                CollectionId="people", PaginationConfig={"PageSize": 1}
            )
            assert len(list(pages)) == 3
        except PaginationError as error:  # what boto3 raises when a token comes twice
            pytest.fail(str(error))


@pytest.fixture(scope="module")
def throttled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = ServerProcess(
        tmp_path_factory.mktemp("throttled") / "data",
        {"packs": ["fake"], "rate_limits": {"ListCollections": 0.001}},
    ).start()
    client = server.client()
    while outcome(client.list_collections) == "OK":
        pass
    yield server
    server.close()


class TestRetries:
    """How often each mode of boto3 tries, with the server's real refusals."""

    @pytest.mark.parametrize(
        ("retries", "attempts"),
        [
            ({"mode": "standard"}, 3),
            ({"mode": "legacy"}, 5),
            ({"mode": "standard", "total_max_attempts": 1}, 1),
        ],
        ids=["standard", "legacy", "none"],
    )
    def test_throttling(
        self, throttled: ServerProcess, retries: dict[str, Any], attempts: int
    ) -> None:
        client = throttled.client(retries=retries)
        sent = count_attempts(client)
        with pytest.raises(client.exceptions.ThrottlingException) as raised:
            client.list_collections()
        assert len(sent) == attempts
        answer = raised.value.response
        assert answer["Error"]["Message"] == "Slow down; sudden increase in rate of requests."
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert answer["ResponseMetadata"]["RetryAttempts"] == attempts - 1

    def test_other_operations_are_not_throttled(self, throttled: ServerProcess) -> None:
        client = throttled.client()
        refused_with(
            "ResourceNotFoundException", client.describe_collection, CollectionId="nowhere"
        )

    def test_what_the_client_did_wrong_is_not_tried_again(self, server: ServerProcess) -> None:
        client = server.client(retries={"mode": "standard"})
        sent = count_attempts(client)
        refused_with("InvalidImageFormatException", client.detect_faces, Image={"Bytes": b"x"})
        assert len(sent) == 1

    def test_a_stopped_server_cannot_be_reached(self, launch: Any) -> None:
        server = launch()
        client = server.client()
        client.list_collections()
        assert server.stop() == 0
        with pytest.raises(EndpointConnectionError):
            client.list_collections()
        server.start()
        assert client.list_collections()["CollectionIds"] == []


def count_attempts(client: Any) -> list[str]:
    """A list that grows by one with every HTTP request of the client."""
    sent: list[str] = []

    def count(request: Any, **_: Any) -> None:
        sent.append(request.url)

    client.meta.events.register("before-send.rekognition", count)
    return sent


def outcome(call: Callable[..., Any], **request: Any) -> str:
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


ONE, TWO = "111111111111", "222222222222"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = ServerProcess(tmp_path_factory.mktemp("signed") / "data")
    policy = server.data_dir.with_name("policy.json")
    policy.write_text(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": ["rekognition:List*", "rekognition:Describe*"], "Resource": "*"}]}'
    )
    keys = {
        "one": server.create_key(ONE),
        "two": server.create_key(TWO),
        "reader": server.create_key(ONE, "--policy", str(policy)),
        "guest": server.create_key(ONE, "--expires-in", "3600"),
    }
    yield server.start(), keys
    server.close()


class TestAccounts:
    """Keys of two accounts, of a reader and of a guest with a session token, in one server."""

    @pytest.fixture
    def clients(self, signed: Any, region: str) -> Mapping[str, Any]:
        server, keys = signed
        return {name: server.client(region, key) for name, key in keys.items()}

    def test_accounts_do_not_see_each_other(self, clients: Mapping[str, Any], region: str) -> None:
        one, two = clients["one"], clients["two"]
        one.create_collection(CollectionId="staff", Tags={"team": "blue"})
        one.index_faces(CollectionId="staff", Image={"Bytes": person(1)})
        arn = one.describe_collection(CollectionId="staff")["CollectionARN"]
        assert arn == f"arn:aws:rekognition:{region}:{ONE}:collection/staff"
        assert two.list_collections()["CollectionIds"] == []
        for call, request in (
            (two.describe_collection, {"CollectionId": "staff"}),
            (two.list_faces, {"CollectionId": "staff"}),
            (two.delete_collection, {"CollectionId": "staff"}),
            (two.list_tags_for_resource, {"ResourceArn": arn}),
        ):
            refused_with("ResourceNotFoundException", call, **request)
        two.create_collection(CollectionId="staff")
        assert two.list_faces(CollectionId="staff")["Faces"] == []
        two.delete_collection(CollectionId="staff")
        assert len(one.list_faces(CollectionId="staff")["Faces"]) == 1

    def test_a_token_of_a_list_is_of_its_account(self, clients: Mapping[str, Any]) -> None:
        one, two = clients["one"], clients["two"]
        for name in ("a", "b"):
            one.create_collection(CollectionId=name)
        token = one.list_collections(MaxResults=1)["NextToken"]
        refused_with("InvalidPaginationTokenException", two.list_collections, NextToken=token)

    def test_keys_of_one_account_share_it(self, clients: Mapping[str, Any]) -> None:
        clients["one"].create_collection(CollectionId="staff")
        assert clients["guest"].list_collections()["CollectionIds"] == ["staff"]
        assert clients["reader"].list_collections()["CollectionIds"] == ["staff"]

    def test_a_policy(self, clients: Mapping[str, Any], signed: Any, region: str) -> None:
        _, keys = signed
        code, message = refusal(clients["reader"].create_collection, CollectionId="staff")
        assert code == "AccessDeniedException"
        user = f"arn:aws:iam::{ONE}:user/{keys['reader']['access_key_id']}"
        arn = f"arn:aws:rekognition:{region}:{ONE}:collection/staff"
        assert message == (
            f"User: {user} is not authorized to perform: rekognition:CreateCollection on "
            f"resource: {arn} because no identity-based policy allows the "
            "rekognition:CreateCollection action"
        )

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"secret_access_key": "wrong" * 8}, "InvalidSignatureException"),
            ({"access_key_id": "AKIA0000000000000000"}, "UnrecognizedClientException"),
            ({"session_token": "wrong"}, "UnrecognizedClientException"),
            ({"session_token": ""}, "UnrecognizedClientException"),
        ],
        ids=["secret", "key", "token", "no token"],
    )
    def test_wrong_credentials(
        self, signed: Any, region: str, change: dict[str, str], code: str
    ) -> None:
        server, keys = signed
        wrong = {**keys["guest"], **change}
        given = {name: value for name, value in wrong.items() if value}
        client = server.client(region, given)
        assert refused_with(code, client.list_collections)

    def test_a_session_token(self, clients: Mapping[str, Any]) -> None:
        clients["guest"].create_collection(CollectionId="staff")
        clients["guest"].index_faces(CollectionId="staff", Image={"Bytes": person(1)})


def test_regions_do_not_see_each_other(server: ServerProcess, region: str) -> None:
    here, there = server.client(region), server.client(f"{region}-there")
    here.create_collection(CollectionId="staff")
    here.index_faces(CollectionId="staff", Image={"Bytes": person(1)})
    assert there.list_collections()["CollectionIds"] == []
    refused_with("ResourceNotFoundException", there.list_faces, CollectionId="staff")
    there.create_collection(CollectionId="staff")
    assert there.list_faces(CollectionId="staff")["Faces"] == []
    assert here.describe_collection(CollectionId="staff")["CollectionARN"].split(":")[3] == region


SCRIPT = """
import boto3
client = boto3.client("rekognition")
print(client.create_collection(CollectionId="from-the-environment")["StatusCode"])
"""


def test_the_endpoint_from_the_environment(server: ServerProcess, region: str) -> None:
    """A program that knows nothing of openrekog, with three variables set."""
    environment = clean_environment() | {
        "AWS_ENDPOINT_URL_REKOGNITION": server.url,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": region,
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "200\n"
    assert server.client(region).list_collections()["CollectionIds"] == ["from-the-environment"]


def test_a_client_with_the_defaults_of_boto3(server: ServerProcess, region: str) -> None:
    """Nothing set but the endpoint: boto3 checks what it can, and retries as it does."""
    client = boto3.client(
        "rekognition",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(),
    )
    client.create_collection(CollectionId="people")
    face = client.index_faces(CollectionId="people", Image={"Bytes": person(1)})
    client.create_user(CollectionId="people", UserId="anna")
    client.associate_faces(
        CollectionId="people",
        UserId="anna",
        FaceIds=[face["FaceRecords"][0]["Face"]["FaceId"]],
    )
    found = client.search_users_by_image(CollectionId="people", Image={"Bytes": person(1)})
    assert found["UserMatches"][0]["User"]["UserId"] == "anna"
    client.close()
