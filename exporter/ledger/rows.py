"""Small helpers over database rows."""

from typing import Any

from sqlalchemy import CursorResult


def new_id(made: CursorResult[Any]) -> int:
    """The number that the database gave to an inserted row."""
    key = made.inserted_primary_key
    if key is None:
        message = "the statement inserted no row"
        raise RuntimeError(message)
    return int(key[0])
