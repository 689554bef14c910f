"""Bulk jobs as their owner and the operator see them: tokens, lists, and a cancelled one."""

from typing import Any

from tests.acceptance.conftest import Launch
from tests.acceptance.media_jobs import (
    MODERATION,
    buckets,
    manifest,
    put,
    start,
    wait,
)
from tests.acceptance.refusals import refused_with


def test_a_token_starts_one_job_and_an_account_may_have_so_many_open(launch: Launch) -> None:
    server = launch(job_concurrency=0, max_open_jobs=2)
    client = server.client()

    def begin(token: str, **request: Any) -> str:
        return start(server, client, [b"x"], ClientRequestToken=token, **request)

    first = begin("a")
    put(server, "photos", "list.jsonl", b"y")
    assert begin("a") == first
    assert begin("b") != first
    refused_with("IdempotentParameterMismatchException", begin, token="a", JobName="other")
    (buckets(server) / "photos" / "list.jsonl").unlink()
    again = client.start_media_analysis_job(
        OperationsConfig=MODERATION,
        Input=manifest(),
        OutputConfig={"S3Bucket": "out", "S3KeyPrefix": "results/"},
        ClientRequestToken="a",
    )
    assert again["JobId"] == first
    message = refused_with("LimitExceededException", begin, token="c")
    assert message == "2 open Jobs for account 000000000000 Maximum limit: 2"


def test_jobs_are_listed_the_newest_first(launch: Launch) -> None:
    server = launch(job_concurrency=0, max_open_jobs=200)
    client = server.client()
    jobs = [start(server, client, [b"x"]) for _ in range(101)]
    elsewhere = server.client("elsewhere-1")
    assert elsewhere.list_media_analysis_jobs()["MediaAnalysisJobs"] == []
    first = client.list_media_analysis_jobs()
    assert [each["JobId"] for each in first["MediaAnalysisJobs"]] == jobs[:0:-1]
    assert first["MediaAnalysisJobs"][0]["Status"] == "QUEUED"
    second = client.list_media_analysis_jobs(NextToken=first["NextToken"], MaxResults=7)
    assert [each["JobId"] for each in second["MediaAnalysisJobs"]] == jobs[:1]
    assert "NextToken" not in second
    refused_with(
        "InvalidPaginationTokenException", client.list_media_analysis_jobs, NextToken="nonsense"
    )
    message = refused_with(
        "InvalidParameterException", client.list_media_analysis_jobs, MaxResults=101
    )
    assert message == "MaxResults is 101, more than 100."
    refused_with("ValidationException", client.list_media_analysis_jobs, MaxResults=0)


def test_a_cancelled_job_has_failed(launch: Launch) -> None:
    server = launch(job_concurrency=0)
    job = start(server, server.client(), [b"x"])
    server.command("jobs", "cancel", job)
    answer = wait(server.client(), job)
    assert answer["FailureDetails"] == {
        "Message": "The job was cancelled by the operator of the server."
    }
