"""Brings a database to the tables of this release, once, however many processes start at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from openrekog.collections_store import migrations
from openrekog.collections_store.errors import IncompatibleDatabase


def migration_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    try:
        command.upgrade(migration_config(connection), "head")
    except CommandError as error:
        raise IncompatibleDatabase(f"the database cannot be upgraded: {error}") from error
