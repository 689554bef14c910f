"""Alembic's entry: runs the steps on the connection, and in the transaction, that it is given."""

from alembic import context

from openrekog.collections_store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_type=True)
context.run_migrations()
