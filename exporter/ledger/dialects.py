"""What the databases are told in words of their own."""

from typing import Any

from sqlalchemy import Dialect, FunctionElement, Insert, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.sql.compiler import SQLCompiler


POSTGRESQL = "postgresql"


class texts(FunctionElement[str]):  # noqa: N801  named as SQL functions are
    """The texts of a JSON list, as rows of a column ``value``."""

    name = "texts"
    inherit_cache = True


@compiles(texts, "sqlite")
def _texts_of_sqlite(element: texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(texts, POSTGRESQL)
def _texts_of_postgresql(element: texts, compiler: SQLCompiler, **options: Any) -> str:
    listed = compiler.process(element.clauses, **options)
    return f"jsonb_array_elements_text(CAST({listed} AS jsonb))"


def listed(name: str) -> Select[tuple[str]]:
    """The texts of the JSON list that a parameter holds, which is one however long the list."""
    rows = texts(bindparam(name, type_=Text)).table_valued("value")
    value: ColumnElement[str] = rows.c.value
    return select(value)


def ignoring(dialect: str, table: Table) -> Insert:
    """An insert that leaves rows as they are whose key is there already."""
    if dialect == POSTGRESQL:
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def replacing(dialect: str, table: Table) -> Insert:
    """An insert that puts all columns of rows anew whose key is there already."""
    keys = [column.name for column in table.primary_key]
    insert: Any = postgresql.insert if dialect == POSTGRESQL else sqlite.insert
    made = insert(table)
    values = {c.name: made.excluded[c.name] for c in table.c if c.name not in keys}
    upsert: Insert = made.on_conflict_do_update(index_elements=keys, set_=values)
    return upsert


def positional(dialect: str) -> Dialect:
    """A dialect whose statements take the driver's parameters by their place."""
    if dialect == POSTGRESQL:
        made: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
        return made
    return sqlite.dialect(paramstyle="qmark")
