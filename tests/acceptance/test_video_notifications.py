"""From an upload to a message: S3, a job, SNS, SQS, and the results, as AWS documents it."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.moto import aws_client, moto
from tests.acceptance.photos import astronaut
from tests.acceptance.videos import write_video

ROLE = "arn:aws:iam::111122223333:role/rekognition"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_video(tmp_path / "film.mp4", [astronaut()] * 20)


def test_the_documented_pattern(aws: str, launch: Launch, film: Path) -> None:
    s3, sns, sqs = (aws_client(service, aws) for service in ("s3", "sns", "sqs"))
    with contextlib.closing(s3), contextlib.closing(sns), contextlib.closing(sqs):
        s3.create_bucket(Bucket="films")
        s3.upload_file(str(film), "films", "2026/a film.mp4")
        topic = sns.create_topic(Name="AmazonRekognitionTopic")["TopicArn"]
        queue = sqs.create_queue(QueueName="AmazonRekognitionQueue")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        keys = {"access_key_id": "any", "secret_access_key": "any"}
        server = launch(
            s3_endpoint_url=aws,
            sns_endpoint_url=aws,
            **{f"{kind}_{name}": value for kind in ("s3", "sns") for name, value in keys.items()},
        )
        client = server.client()
        video = {"S3Object": {"Bucket": "films", "Name": "2026/a film.mp4"}}
        job = client.start_face_detection(
            Video=video,
            NotificationChannel={"SNSTopicArn": topic, "RoleArn": ROLE},
            JobTag="holiday",
        )["JobId"]
        message = json.loads(json.loads(receive(sqs, queue))["Message"])
        stamp = message.pop("Timestamp")
        assert isinstance(stamp, int)
        assert stamp > 1_600_000_000_000
        assert message == {
            "JobId": job,
            "Status": "SUCCEEDED",
            "API": "StartFaceDetection",
            "JobTag": "holiday",
            "Video": {"S3ObjectName": "2026/a film.mp4", "S3Bucket": "films"},
        }
        answer = client.get_face_detection(JobId=job)
        assert [face["Timestamp"] for face in answer["Faces"]] == [0, 500, 1000, 1500]
        # Told once.
        assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)


def receive(sqs: Any, queue: str) -> str:
    for _ in range(20):
        got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages", [])
        if got:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=got[0]["ReceiptHandle"])
            return str(got[0]["Body"])
    raise AssertionError("no message came")


def test_a_webhook_is_told_and_tried_again(launch: Launch, film: Path) -> None:
    with webhook(failures=1) as (url, told):
        server = launch(notification_webhook_url=url)
        target = server.data_dir / "buckets" / "films" / "film.mp4"
        target.parent.mkdir(parents=True)
        target.write_bytes(film.read_bytes())
        channel = {"SNSTopicArn": "arn:aws:sns:us-east-1:111122223333:topic", "RoleArn": ROLE}
        job = server.client().start_face_detection(
            Video={"S3Object": {"Bucket": "films", "Name": "film.mp4"}},
            NotificationChannel=channel,
        )["JobId"]
        assert told.wait(30)
        envelope = json.loads(told.body)
        assert envelope["TopicArn"] == channel["SNSTopicArn"]
        assert json.loads(envelope["Message"])["JobId"] == job
        assert told.refused == 1


class Told(threading.Event):
    """What a webhook was sent."""

    body = b""
    refused = 0


@contextlib.contextmanager
def webhook(failures: int) -> Iterator[tuple[str, Told]]:
    """A server that refuses the first requests; its URL and what it was told."""
    told = Told()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if told.refused < failures:
                told.refused += 1
                self.send_error(503)
                return
            self.send_response(204)
            self.end_headers()
            told.body = body
            told.set()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/told", told
        server.shutdown()
