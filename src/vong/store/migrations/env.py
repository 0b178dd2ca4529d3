"""Alembic environment. `vong.store.migrate` provides the connection, holds the lock and makes the backup."""

from alembic import context

from vong.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
