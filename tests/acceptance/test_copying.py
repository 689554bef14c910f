"""CopyProjectVersion within an account, and to another one that a project's policy names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from openrekog.collections_store.records import Scope
from openrekog.server.operations.grants import MOST_POLICIES
from tests.acceptance.custom_models import PROJECTS, Trained, match, put_version, store_of
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import FAKE, ServerProcess

OWNER, FRIEND = "111122223333", "444455556666"
DENIED, MISSING, WRONG = (
    "AccessDeniedException",
    "ResourceNotFoundException",
    "InvalidParameterException",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with keys, so that there are two accounts."""
    running = ServerProcess(tmp_path_factory.mktemp("shared") / "data", FAKE)
    running.create_key(OWNER)
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def keys(shared: ServerProcess) -> dict[str, Any]:
    return {account: shared.create_key(account) for account in (OWNER, FRIEND)}


@pytest.fixture
def source(shared: ServerProcess, keys: dict[str, Any], region: str) -> Trained:
    client = shared.client(region, keys[OWNER])
    project = client.create_project(ProjectName=f"source-{next(PROJECTS)}")["ProjectArn"]
    thresholds = {"red": 1.0, "green": 0.0, "blue": 1.0}
    return Trained(client, project, put_version(shared, project, thresholds=thresholds))


@pytest.fixture
def friend(shared: ServerProcess, keys: dict[str, Any], region: str) -> Any:
    return shared.client(region, keys[FRIEND])


def request_for(client: Any, source: Trained, **changes: Any) -> dict[str, Any]:
    """Arguments that copy the model to a new project of the client's account."""
    return {
        "SourceProjectArn": source.project,
        "SourceProjectVersionArn": source.arn,
        "DestinationProjectArn": client.create_project(ProjectName=f"copies-{next(PROJECTS)}")[
            "ProjectArn"
        ],
        "VersionName": "copy",
        "OutputConfig": {"S3Bucket": "copies", "S3KeyPrefix": "from/elsewhere"},
        **changes,
    }


def copied(client: Any, source: Trained, **changes: Any) -> Trained:
    request = request_for(client, source, **changes)
    arn = client.copy_project_version(**request)["ProjectVersionArn"]
    return Trained(client, request["DestinationProjectArn"], arn)


def allow(source: Trained, **changes: Any) -> str:
    """Puts a policy on the source's project; its name."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{FRIEND}:root"},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": source.arn,
        **changes,
    }
    document = orjson.dumps({"Version": "2012-10-17", "Statement": [statement]}).decode()
    name = f"policy-{next(PROJECTS)}"
    source.client.put_project_policy(
        ProjectArn=source.project, PolicyName=name, PolicyDocument=document
    )
    return name


def test_a_copy_within_an_account(source: Trained) -> None:
    copy = copied(source.client, source, Tags={"team": "blue"})
    assert copy.description()["Status"] == "COPYING_COMPLETED"
    assert source.client.list_tags_for_resource(ResourceArn=copy.arn)["Tags"] == {"team": "blue"}
    copy.start()
    # The thresholds of the source are those of the copy.
    assert [label["Name"] for label in copy.ask("red")] == ["green"]
    assert copy.ask("red", MinConfidence=50)[0]["Name"] == "red"
    assert source.description()["Status"] == "TRAINING_COMPLETED"
    again = request_for(source.client, source, DestinationProjectArn=copy.project)
    refused_with("ResourceInUseException", source.client.copy_project_version, **again)


GRANTS: dict[str, Any] = {
    "root": {},
    "account": {"Principal": {"AWS": [OWNER, FRIEND]}},
    "everybody": {"Principal": "*"},
    "every account": {"Principal": {"AWS": "*"}},
    "wildcards": {"Action": ["s3:*", "Rekognition:Copy*"], "Resource": "arn:aws:*/version/v1/*"},
}


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_another_account_that_is_allowed(source: Trained, friend: Any, grant: Any) -> None:
    request = request_for(friend, source)
    refused_with(DENIED, friend.copy_project_version, **request)
    policy = allow(source, **grant)
    copy = copied(friend, source, **request)
    assert copy.arn.split(":")[4] == FRIEND
    source.client.delete_project_policy(ProjectArn=source.project, PolicyName=policy)
    refused_with(DENIED, friend.copy_project_version, **{**request, "VersionName": "again"})


def test_a_copy_does_not_need_its_source(
    shared: ServerProcess, source: Trained, friend: Any
) -> None:
    allow(source)
    copy = copied(friend, source).start()
    before = copy.ask("blue", MinConfidence=0)
    assert before[0]["Name"] == "blue"
    refused_with(
        MISSING,
        source.client.start_project_version,
        ProjectVersionArn=copy.arn,
        MinInferenceUnits=1,
    )


REFUSALS: dict[str, Any] = {
    "another account": {"Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}},
    "a user of it": {"Principal": {"AWS": f"arn:aws:iam::{FRIEND}:user/somebody"}},
    "a service": {"Principal": {"Service": "rekognition.amazonaws.com"}},
    "another action": {"Action": "rekognition:DescribeProjectVersions"},
    "another version": {"Resource": "arn:aws:rekognition:*:*:project/*/version/v2/*"},
}


@pytest.mark.parametrize("grant", REFUSALS.values(), ids=REFUSALS)
def test_what_a_policy_does_not_allow(source: Trained, friend: Any, grant: Any) -> None:
    allow(source, **grant)
    message = refused_with(DENIED, friend.copy_project_version, **request_for(friend, source))
    assert "rekognition:CopyProjectVersion" in message
    assert source.arn in message


def test_a_denial_wins(source: Trained, friend: Any) -> None:
    allow(source)
    denial = allow(source, Effect="Deny", Action="*", Resource="*", Principal="*")
    request = request_for(friend, source)
    refused_with(DENIED, friend.copy_project_version, **request)
    source.client.delete_project_policy(ProjectArn=source.project, PolicyName=denial)
    assert copied(friend, source).description()["Status"] == "COPYING_COMPLETED"


def test_what_others_have_is_not_told(shared: ServerProcess, source: Trained, friend: Any) -> None:
    """A model that is not there is refused like one that is not to be copied."""
    request = request_for(friend, source)
    told = refused_with(DENIED, friend.copy_project_version, **request)
    adapters = source.client.create_project(
        ProjectName=f"adapters-{next(PROJECTS)}",
        Feature="CONTENT_MODERATION",
        AutoUpdate="DISABLED",
    )["ProjectArn"]
    adapter = put_version(shared, adapters)
    asked = {**request, "SourceProjectArn": adapters, "SourceProjectVersionArn": adapter}
    refused_with(DENIED, friend.copy_project_version, **asked)
    for arn in (source.arn.replace("/v1/", "/v9/"), f"{source.arn}0"):
        asked = {**request, "SourceProjectVersionArn": arn}
        assert refused_with(DENIED, friend.copy_project_version, **asked) == told.replace(
            source.arn, arn
        )


def test_what_cannot_be_copied(shared: ServerProcess, source: Trained, region: str) -> None:
    client = source.client
    request = request_for(client, source)
    other = client.create_project(ProjectName=f"other-{next(PROJECTS)}")["ProjectArn"]
    training = put_version(shared, source.project, "v2", status="TRAINING_IN_PROGRESS")
    adapters = client.create_project(
        ProjectName="adapters", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED"
    )["ProjectArn"]
    for changes, code in (
        ({"SourceProjectVersionArn": f"{source.arn}0"}, MISSING),
        ({"SourceProjectArn": other}, WRONG),
        ({"SourceProjectVersionArn": training}, WRONG),
        ({"DestinationProjectArn": f"{other}0"}, MISSING),
        ({"DestinationProjectArn": adapters}, WRONG),
        ({"KmsKeyId": "alias/key"}, WRONG),
        (
            {
                "SourceProjectArn": source.project.replace(region, "eu-west-1"),
                "SourceProjectVersionArn": source.arn.replace(region, "eu-west-1"),
            },
            WRONG,
        ),
    ):
        refused_with(code, client.copy_project_version, **{**request, **changes})
    assert copied(client, source, **request).description()["Status"] == "COPYING_COMPLETED"


def test_no_denial_is_missed_among_many(shared: ServerProcess, source: Trained) -> None:
    region, account, name, _, _ = match(source.project)
    with store_of(shared.data_dir) as store, store.write() as rows:
        project = rows.projects.named(Scope(account, region), name)
        for number in range(MOST_POLICIES):
            rows.policies.create(project, f"p{number}", "{}")
    with pytest.raises(source.client.exceptions.LimitExceededException):
        allow(source)


@pytest.mark.parametrize(
    "change",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Resource": "arn:aws:rekognition:*:${aws:PrincipalAccount}:*"},
        {"NotAction": "*"},
        {"Action": []},
    ],
    ids=["condition", "variable", "not action", "nothing"],
)
def test_policies_that_are_not_understood_are_refused(source: Trained, change: Any) -> None:
    with pytest.raises(source.client.exceptions.MalformedPolicyDocumentException):
        allow(source, **change)


def test_keys_that_may_run_one_model_only(
    shared: ServerProcess, source: Trained, region: str, tmp_path: Path
) -> None:
    """A key's own policy names models by their ARNs."""
    document = tmp_path / "policy.json"
    actions = ["rekognition:DetectCustomLabels", "rekognition:StartProjectVersion"]
    rule = {"Effect": "Allow", "Action": actions, "Resource": source.arn}
    document.write_bytes(orjson.dumps({"Version": "2012-10-17", "Statement": rule}))
    client = shared.client(region, shared.create_key(OWNER, "--policy", str(document)))
    source.start()
    mine = Trained(client, source.project, source.arn)
    assert mine.ask("red") == source.ask("red")
    other = put_version(shared, source.project, "v2")
    one = {"MinInferenceUnits": 1}
    refused_with(DENIED, Trained(client, source.project, other).ask)
    refused_with(DENIED, client.start_project_version, ProjectVersionArn=other, **one)
    refused_with(DENIED, client.stop_project_version, ProjectVersionArn=source.arn)
