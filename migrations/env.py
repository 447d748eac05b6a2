"""Runs the migrations on the connection that `workers.migrate` hands over."""

from alembic import context

from workers.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_server_default=False)
with context.begin_transaction():
    context.run_migrations()
