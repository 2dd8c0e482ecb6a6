"""Writes what people read about the configuration: the reference page and the commented example."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from exporter.config.environment import ACCOUNT_NAME, VARIABLES
from exporter.config.loading import FLAGS
from exporter.config.values import Within
from exporter.config.wording import nested_model
from exporter.config.written import ACCOUNT_KEYS, TOP_KEYS, WrittenAccount, WrittenConfig


_INTRODUCTION = f"""\
# Configuration

One YAML file, given with `--config.file`, or for a single account nothing but environment
variables. `smsc-exporter check-config` reports every error at once, each with its line, and prints
the effective configuration with secrets redacted. `deploy/examples/` holds a minimal file, one with
several accounts, and one with every key and its default.

Durations are written `90s`, `5m`, `1h30m`, `7d`, or as a number of seconds. Values are read as they
are written: a password of digits keeps its zeros. Texts that begin with a special character need
quotes. An unknown key, a key given twice and a value out of range are errors.

## Environment

Used when the file lists no accounts, or there is no file; ignored with a warning otherwise. The
account is called `{ACCOUNT_NAME}`. Empty variables count as unset.

| Variable | Meaning |
| --- | --- |
"""
_FLAGS = """
`STATE_DIRECTORY`, which systemd sets, is where the ledger is kept.

## Flags

A flag wins over the file. `--web.listen-address` may be repeated.

| Flag | Replaces |
| --- | --- |
"""


def configuration_page() -> str:
    """The page ``docs/configuration.md``, Markdown."""
    variables = "".join(f"| `{name}` | {text} |\n" for name, text in VARIABLES.items())
    flags = "".join(
        f"| `{flag}` | `{section}.{name.removeprefix('log_')}` |\n"
        for name, (section, flag) in FLAGS.items()
    )
    return _INTRODUCTION + variables + _FLAGS + flags + "".join(_sections(WrittenConfig, ""))


def example_file() -> str:
    """The file ``deploy/examples/smsc-exporter.yml``: each key with its default, commented."""
    opening = "# Every key with its default; keys without one are commented out."
    return "\n".join([opening, *_example(WrittenConfig, ""), ""])


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    text = model.__doc__ if path else "Keys outside all sections."
    yield f"\n## {f'`{path}`' if path else 'Top level'}\n\n{text}\n\n"
    yield "| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n"
    for key, field in _fields(model):
        default = _default(model, key, field)
        yield f"| `{key}` | {_kind(field)} | {default} | {field.description} |\n"
    for key, field in _fields(model):
        below = nested_model(field)
        if below is not None:
            yield from _sections(below, f"{path}.{key}".lstrip(".") + "[]" * _is_list(field))


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    order: Mapping[type[BaseModel], Iterable[str]]
    order = {WrittenAccount: ACCOUNT_KEYS, WrittenConfig: TOP_KEYS}
    return [(key, model.model_fields[key]) for key in order.get(model, model.model_fields)]


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    required = {key: field.examples for key, field in _fields(model) if field.is_required()}
    examples = {key: (texts or [""])[0] for key, texts in required.items()}
    return model(**examples).model_dump(mode="json")


def _default(model: type[BaseModel], key: str, field: FieldInfo) -> str:
    value = _defaults(model)[key]
    if field.is_required():
        return "required"
    if nested_model(field) is not None or value is None:
        return ""
    return _extra(field, "default") or f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump([value], default_flow_style=True, width=1000))[1:-2]


def _extra(field: FieldInfo, name: str) -> str:
    extra = field.json_schema_extra
    return str(extra.get(name, "")) if isinstance(extra, dict) else ""


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _kind(field: FieldInfo) -> str:
    if nested_model(field) is not None:
        return "list of sections" if _is_list(field) else "section"
    if _is_list(field):
        return _extra(field, "kind") or f"list of {_scalar(get_args(field.annotation)[0])}"
    return ", ".join([_scalar(field.annotation), *_bounds(field)])


def _scalar(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    kinds = {int: "whole number", float: "duration", bool: "`true` or `false`"}
    return kinds.get(annotation, "text")


def _bounds(field: FieldInfo) -> Iterator[str]:
    low, high = (
        next((getattr(entry, end) for entry in field.metadata if hasattr(entry, end)), None)
        for end in ("ge", "le")
    )
    if low is not None:
        yield f"at least {low}" if high is None else f"from {low} to {high}"
    for entry in field.metadata:
        if isinstance(getattr(entry, "func", None), Within):
            yield str(entry.func)


def _example(model: type[BaseModel], indent: str) -> Iterator[str]:
    """Lines of the example, the nested sections below their keys."""
    defaults = _defaults(model)
    for key, field in _fields(model):
        below = nested_model(field)
        yield ""
        yield from textwrap.wrap(
            str(field.description),
            100,
            initial_indent=f"{indent}# ",
            subsequent_indent=f"{indent}# ",
        )
        if below is None:
            yield indent + _line(key, defaults[key], field)
            continue
        yield f"{indent}{key}:"
        inner = [*_example(below, indent + ("    " if _is_list(field) else "  "))][1:]
        if _is_list(field):
            inner[0] = f"{indent}  - {inner[0].strip()}"
        yield from inner


def _line(key: str, default: Any, field: FieldInfo) -> str:
    if default is None and field.examples:
        return f"{key}: {_yaml(field.examples[0])}"
    if default is None or _extra(field, "default"):
        return f"# {key}:" if default is None else f"# {key}: {_yaml(default)}"
    return f"{key}: {_yaml(default)}"
