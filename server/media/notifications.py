"""Telling others that something ended: by SNS, and by a webhook of our own."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

from openrekog.server.media.webhook import Webhook

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard"})


class Channel(Protocol):
    def send(self, topic_arn: str, message: str) -> None:
        """Delivers once, or raises; callers try again."""


@dataclass(frozen=True, slots=True)
class SnsChannel:
    """Topics of one configured endpoint; the region is the topic's own."""

    endpoint_url: str
    key_id: str | None
    secret: str | None

    def send(self, topic_arn: str, message: str) -> None:
        client: SNSClient = boto3.client(
            "sns",
            endpoint_url=self.endpoint_url,
            region_name=topic_arn.split(":")[3],
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=CONFIG,
        )
        client.publish(TopicArn=topic_arn, Message=message)


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts what SNS would deliver over HTTP: an envelope whose Message is the text."""

    webhook: Webhook

    def send(self, topic_arn: str, message: str) -> None:
        envelope = {"Type": "Notification", "TopicArn": topic_arn, "Message": message}
        self.webhook.deliver(json.dumps(envelope).encode())


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends to every channel that is set up; without one, no request may ask to be told."""

    channels: tuple[Channel, ...] = ()

    def tell_end(self, topic_arn: str, message: Mapping[str, Any]) -> None:
        """`message` is the completion message of the API; SNS carries it as text in `Message`."""
        stamped = {**message, "Timestamp": int(time.time() * 1000)}
        for channel in self.channels:
            channel.send(topic_arn, json.dumps(stamped))
