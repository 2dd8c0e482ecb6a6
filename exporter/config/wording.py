"""Turns the models' errors into problems a person can act on."""

import difflib
import re
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from exporter.config.problems import Findings, Location, Place


_ALIKE = 0.75
_PLAIN_KEY = re.compile(r"[\w.-]{1,40}")
_TEXTS: dict[str, str] = {
    "missing": "is missing; add it",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_parsing_size": "must be a smaller number",
    "string_type": "must be text",
    "path_type": "must be the path of a file",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list, each entry on its own line after '- '",
    "model_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be above {gt:g}",
    "less_than": "must be below {lt:g}",
    "value_error": "{error}",
    "is_instance_of": "must be text",
}


def report(
    error: ValidationError,
    model: type[BaseModel],
    place: Place,
    findings: Findings,
) -> None:
    """Note every error of a failed validation of ``model``.

    ``place`` turns a location within the model into a source and a location there.
    """
    for detail in error.errors(include_url=False, include_input=False):
        location = detail["loc"]
        if detail["type"] == "extra_forbidden":
            key = str(location[-1])
            location, message = unknown_key(model, location[:-1], key)
        else:
            template = _TEXTS.get(detail["type"], "is not valid; see the documentation")
            message = template.format_map(detail.get("ctx", {}))
        findings.wrong(*place(location), message)


def unknown_key(model: type[BaseModel], parent: Location, key: str) -> tuple[Location, str]:
    """Where to point at, and what to say of a key that is not known there."""
    known = list(_known(model_at(model, parent)))
    nested = [name for name in known if name.split(".")[-1] == key]
    close = nested or difflib.get_close_matches(key, known, n=1, cutoff=_ALIKE)
    close = close or _close_below(key, known)
    advice = f"did you mean {close[0]}?" if close else "remove it"
    if _PLAIN_KEY.fullmatch(key):
        return (*parent, key), f"is not a known key; {advice}"
    return parent, "has a key that is not known and no plain name; check quotes and colons"


def _close_below(key: str, known: list[str]) -> list[str]:
    last_names = {name.split(".")[-1]: name for name in known}
    longer = [name for name in last_names if len(key) > 3 and name.startswith(key)]
    close = longer or difflib.get_close_matches(key, last_names, n=1, cutoff=_ALIKE)
    return [last_names[name] for name in close]


def model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """The model of the mapping at a location."""
    for step in location:
        if isinstance(step, str):
            model = nested_model(model.model_fields[step]) or model
    return model


def nested_model(field: FieldInfo) -> type[BaseModel] | None:
    """The model a field holds, itself or in a list."""
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _known(model: type[BaseModel]) -> Iterator[str]:
    """Names of a model's keys, then those one level below as ``parent.key``."""
    yield from model.model_fields
    for name, field in model.model_fields.items():
        below = nested_model(field)
        listed = "[]" if below is not None and below is not field.annotation else ""
        for key in below.model_fields if below else ():
            yield f"{name}{listed}.{key}"
