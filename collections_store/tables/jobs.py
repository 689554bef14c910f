"""Background jobs, what they found, and who does them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from openrekog.collections_store.tables.shared import Key, Message, metadata

# A job is a row; whatever queues it carries its id alone. `leader` is the job in whose run this one
# is done: jobs of one source are done together.
jobs = Table(
    "jobs",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("account_id", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("tag", String(1024)),
    Column("status", String(16), nullable=False),
    Column("failure_code", String(32)),
    Column("message", Message),
    Column("detail", Text),
    Column("leader", String(64), index=True),
    Column("parts", Integer, nullable=False),
    # The processes that began the next part; one that was finished counts anew.
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("carry", LargeBinary),
    Column("created_at", Double, nullable=False, index=True),
    Column("ended_at", Double),
    sqlite_autoincrement=True,
)
Index("ix_jobs_job_id", jobs.c.job_id, unique=True)
Index("ix_jobs_account_id_status", jobs.c.account_id, jobs.c.status)
Index("ix_jobs_listing", jobs.c.account_id, jobs.c.region, jobs.c.operation, jobs.c.key)

findings = Table(
    "findings",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("job", Key, ForeignKey("jobs.key"), nullable=False),
    Column("view", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("name", String(255), nullable=False),
    Column("rank", Double, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_findings_time", findings.c.job, findings.c.view, findings.c.at, findings.c.key)
Index(
    "ix_findings_name",
    findings.c.job,
    findings.c.view,
    findings.c.name,
    findings.c.rank,
    findings.c.key,
)

# A worker that falls silent has died for good, and others go on with its jobs.
workers = Table(
    "workers",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("seen_at", Double, nullable=False),
)

# Each with the networks that it runs; one that falls silent may only be about to start again.
servers = Table(
    "servers",
    metadata,
    Column("name", String(512), primary_key=True),
    Column("network", String(255), primary_key=True),
    Column("seen_at", Double, nullable=False),
)
