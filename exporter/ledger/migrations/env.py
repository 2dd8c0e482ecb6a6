"""Runs migrations on the connection that the ledger hands over."""

from alembic import context

from exporter.ledger.schema import metadata


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
