"""The file in which a user changes limits: read, and written with its comments."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from exporter.config.document import read_document
from exporter.config.problems import Findings, InvalidConfigError, UnreadableConfigError
from exporter.config.wording import report
from exporter.monitoring.thresholds import Thresholds


WIDTH = 100
_OPENING = """\
# Limits of the alerts. Change a value, then write the rules anew:
#   make rules
# or, without a checkout: python -m exporter.monitoring --thresholds thresholds.yml --output .
# A key that is left out has its default. Durations: 90s, 5m, 1h30m. Shares: 0 to 1.
"""


def load_thresholds(path: Path) -> Thresholds:
    """The limits in a file.

    Raises UnreadableConfigError or InvalidConfigError, which tell every problem with its line.
    """
    findings = Findings()
    document = read_document(path, findings, "--thresholds")
    if document is None:
        raise UnreadableConfigError(findings.problems)
    thresholds = Thresholds()
    try:
        thresholds = Thresholds.model_validate(document.content)
    except ValidationError as error:
        source = document.source
        report(error, Thresholds, lambda location: (source, location), findings)
    if findings.problems:
        raise InvalidConfigError(findings.problems)
    return thresholds


def thresholds_file(thresholds: Thresholds) -> str:
    """The file with these limits, every key with a comment that says what it means."""
    values = thresholds.model_dump(mode="json")
    sections = [
        "\n".join(_section(name, field, values[name]))
        for name, field in Thresholds.model_fields.items()
    ]
    return "\n".join([_OPENING, *(f"{section}\n" for section in sections)])


def _section(name: str, field: FieldInfo, values: dict[str, Any]) -> Iterator[str]:
    model = field.annotation
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise TypeError(f"{name} is no section")
    yield from _comment((model.__doc__ or "").strip(), "")
    yield f"{name}:"
    defaults = model().model_dump(mode="json")
    for key, item in model.model_fields.items():
        text = f"{item.description} Default: {_plain(defaults[key])}"
        yield from _comment(text, "  ")
        yield f"  {key}: {_plain(values[key])}"


def _comment(text: str, margin: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{margin}# ", subsequent_indent=f"{margin}# ")


def _plain(value: object) -> str:
    return str(yaml.safe_dump([value], default_flow_style=True, width=1000))[1:-2]
