"""Brings a database's schema up to date."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from exporter.ledger.errors import LedgerTooNew


def migrate(connection: Connection, name: str) -> None:
    """Make the tables, or change them, within the connection's transaction.

    Raises:
        LedgerTooNew: ``name``, as the ledger is called, was written by a later version.

    """
    with as_file(files("exporter.ledger") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config)
        current = MigrationContext.configure(connection).get_current_revision()
        if current == script.get_current_head():
            return
        known = {revision.revision for revision in script.walk_revisions()}
        if current is not None and current not in known:
            message = (
                f"ledger {name} was written by a later version (schema {current}); "
                "run that version or restore an earlier copy"
            )
            raise LedgerTooNew(message)
        command.upgrade(config, "head")
