"""The migrations lead to the schema that the code uses."""

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from exporter.ledger import schema
from exporter.ledger.file_store import FileStore
from exporter.ledger.labels import LabelLimits
from tests.ledger.conftest import Desks
from tests.ledger.desk import FREE, HEAD, T0, Desk, row


pytestmark = pytest.mark.file_ledger


def definitions(path: Path) -> dict[tuple[str, str], str]:
    """Tables and indexes of a database as they were declared."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name != 'alembic_version'"
        ).fetchall()
    return {
        (kind, name): " ".join(sql.split()).replace(" ,", ",").replace(" )", ")")
        for kind, name, sql in rows
    }


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """A migrated file declares exactly what `schema.metadata` declares."""
    store = FileStore(tmp_path / "migrated", owner=True)
    store.open()
    with store.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    store.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert definitions(tmp_path / "migrated") == definitions(tmp_path / "made")


def made_by(revision: str, path: Path, source: Path) -> None:
    """Make a ledger as that revision did, with all of another one's rows that it has room for."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(files("exporter.ledger") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        database.execute("ATTACH ? AS source", (str(source),))
        for (table,) in database.execute(
            "SELECT name FROM source.sqlite_master WHERE type='table'"
            " AND name IN (SELECT name FROM main.sqlite_master)"
        ):
            if table not in ("alembic_version", "sqlite_sequence"):
                columns = database.execute(f"PRAGMA main.table_info({table})").fetchall()
                names = ", ".join(f'"{column[1]}"' for column in columns)
                database.execute(
                    f"INSERT INTO main.{table} ({names}) SELECT {names} FROM source.{table}"
                )
        database.commit()


def with_content(desk: Desk) -> Desk:
    """Messages of several kinds, with a gap between them and a call that was cut short."""
    desk.apply([row(3, T0 + 5, 1, status_time=T0 + 9, region="Omsk")], T0 + 10)
    rows = [row(10**6 - k, T0 + 9000 - k, mccmnc="25001") for k in range(1000)]
    desk.apply(rows, T0 + 9100)
    desk.ledger.spend("a", "head", HEAD, FREE, desk.now, mark=1)
    desk.ledger.refresh("a", "sms", desk.now)
    return desk


def test_a_ledger_of_the_first_revision_loses_nothing(desks: Desks, tmp_path: Path) -> None:
    """Totals, label sets, gaps and permits are those of before, and all totals are shown at once:
    they were, whatever the zero-first rule says of new ones."""
    desk = with_content(desks(labels=LabelLimits(region=True)))
    before, usage = desk.ledger.snapshot(), desk.ledger.usage("a", desk.now)
    view = desk.ledger.view("a", "sms", desk.now)
    desk.close()
    old = tmp_path / "old"
    made_by("0001", old, desk.path)
    desk.path.write_bytes(old.read_bytes())
    desk.reopen()
    desk.check()
    assert desk.ledger.usage("a", desk.now) == usage
    assert desk.ledger.view("a", "sms", desk.now) == view
    assert len(view.gaps) == 1
    desk.ledger.refresh("a", "sms", desk.now)
    after = desk.ledger.snapshot()
    assert after.streams == before.streams
    assert after.label_sets == before.label_sets
    counted = [*after.totals.items(), *after.distributions.items()]
    assert after.shown == {source: set(values) for source, values in counted if values}
    assert len(after.shown) > 8


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A file that is up to date is left as it is."""
    store = FileStore(tmp_path / "ledger", owner=True)
    store.open()
    store.close()
    before = (tmp_path / "ledger").read_bytes()
    store.open()
    store.close()
    assert (tmp_path / "ledger").read_bytes() == before


def test_folder_is_made(tmp_path: Path) -> None:
    """A ledger may be asked for where no folder is yet."""
    store = FileStore(tmp_path / "state" / "deep" / "ledger", owner=True)
    store.open()
    store.close()
    assert (tmp_path / "state" / "deep" / "ledger").is_file()
