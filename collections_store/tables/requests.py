"""What requests leave behind beside what they are about."""

from sqlalchemy import Column, Double, LargeBinary, String, Table, Text

from openrekog.collections_store.tables.shared import metadata

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("arn", String(2048), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("operation", String(64), primary_key=True),
    Column("token", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("response", Text, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
)
