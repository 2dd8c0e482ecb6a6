"""The migrations lead to the schema that the code uses."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from exporter.ledger import schema
from exporter.ledger.engine import Store


def definitions(path: Path) -> dict[tuple[str, str], str]:
    """Tables and indexes of a database as they were declared."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name != 'alembic_version'"
        ).fetchall()
    return {(kind, name): " ".join(sql.split()) for kind, name, sql in rows}


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """A migrated file declares exactly what `schema.metadata` declares."""
    store = Store(tmp_path / "migrated", owner=True)
    store.open()
    with store.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    store.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert definitions(tmp_path / "migrated") == definitions(tmp_path / "made")


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A file that is up to date is left as it is."""
    store = Store(tmp_path / "ledger", owner=True)
    store.open()
    store.close()
    before = (tmp_path / "ledger").read_bytes()
    store.open()
    store.close()
    assert (tmp_path / "ledger").read_bytes() == before


def test_folder_is_made(tmp_path: Path) -> None:
    """A ledger may be asked for where no folder is yet."""
    store = Store(tmp_path / "state" / "deep" / "ledger", owner=True)
    store.open()
    store.close()
    assert (tmp_path / "state" / "deep" / "ledger").is_file()
