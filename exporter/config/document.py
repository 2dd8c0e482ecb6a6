"""Reads the YAML file into plain mappings, lists and texts, with the line of each.

Every scalar stays the text that was written, so that a password of digits keeps its zeros and the
country ``no`` stays a country; the models say which texts are numbers or switches. Size, depth and
the growth through aliases are bounded.
"""

import os
import re
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporter.config.problems import Findings, Location, Source


LARGEST_FILE = 256 * 1024
"""Most bytes of a configuration file."""
DEEPEST = 32
MOST_NODES = 50_000

_STANDARD_TAG = re.compile(
    r"tag:yaml\.org,2002:(?:str|int|float|bool|null|timestamp|value|merge|map|seq)"
)
_QUOTATION = re.compile(r"""'[^']*'|"[^"]*\"""")
_HARMLESS_QUOTATION = re.compile(r"'(?:.|<[a-z ]+>)'")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says; ``source`` knows its lines, ``public`` that every user can read it."""

    source: Source
    content: dict[str, Any] = field(default_factory=dict)
    public: bool = False


def read_document(
    path: Path,
    findings: Findings,
    flag: str = "--config.file",
    long_texts: Container[Location] = (),
) -> Document | None:
    """The content of the file that ``flag`` names, or None with the reason among the findings.

    Texts of more than one line may stand at ``long_texts`` alone.
    """
    source = Source(str(path))
    try:
        with path.open("rb") as file:
            public = bool(os.fstat(file.fileno()).st_mode & stat.S_IROTH)
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        findings.wrong(source, (), f"cannot be read: {reason(error)}; check {flag}")
        return None
    if len(raw) > LARGEST_FILE:
        findings.wrong(source, (), f"is larger than {LARGEST_FILE} bytes; is it the right file?")
        return None
    lines: dict[Location, int] = {}
    content = _Reader(Source(str(path), lines), lines, findings, long_texts).read(raw)
    if content is None:
        return None
    return Document(Source(str(path), lines), content, public)


def reason(error: OSError) -> str:
    """Why a file cannot be read, in words and without its name."""
    return (error.strerror or type(error).__name__).lower()


def _syntax_error(problem: str | None, mark: yaml.Mark | None) -> str:
    """What YAML complains of, without quoting more than a single character of the file."""
    column = "" if mark is None else f" in column {mark.column + 1}"
    text = _QUOTATION.sub(
        lambda found: found[0] if _HARMLESS_QUOTATION.fullmatch(found[0]) else "...",
        problem or "syntax error",
    )
    return f"is not valid YAML{column}: {text}; texts with special characters need quotes"


class _TooBigError(Exception):
    """Nested too deep, or too many values."""


@dataclass(slots=True)
class _Reader:
    source: Source
    lines: dict[Location, int]
    findings: Findings
    long_texts: Container[Location] = ()
    nodes: int = 0

    def read(self, raw: bytes) -> dict[str, Any] | None:
        try:
            return self._mapping_of(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self._unreadable(line, "is not UTF-8 text; save it as UTF-8")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._unreadable(
                None if mark is None else mark.line + 1, _syntax_error(error.problem, mark)
            )
        except (yaml.YAMLError, ValueError, OverflowError):
            self._unreadable(None, "is not valid YAML: it holds a character that is not allowed")
        except _TooBigError:
            self._unreadable(None, "is nested too deep or repeats itself too often; write it out")
        return None

    def _unreadable(self, line: int | None, message: str) -> None:
        lines: dict[Location, int] = {} if line is None else {(): line}
        self.findings.wrong(Source(self.source.name, lines), (), message)

    def _mapping_of(self, text: str) -> dict[str, Any] | None:
        self._check_depth(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = None if node is None else self._value(node, ())
        if content is None:
            return {}
        if isinstance(content, dict):
            return content
        self._unreadable(1, "must be a mapping, such as 'accounts:' with a list below it")
        return None

    @staticmethod
    def _check_depth(text: str) -> None:
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST or count > MOST_NODES:
                raise _TooBigError

    def _value(self, node: yaml.Node, location: Location) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES or len(location) > DEEPEST:
            raise _TooBigError
        if not _STANDARD_TAG.fullmatch(node.tag):
            message = "has a YAML tag; remove the word that begins with '!', or quote the text"
            self.findings.wrong(self.source, location, message)
        if isinstance(node, yaml.MappingNode):
            return {
                key: self._value(value, where) for key, value, where in self._items(node, location)
            }
        if isinstance(node, yaml.SequenceNode):
            return self._list(node, location)
        return self._text(node, location)

    def _list(self, node: yaml.SequenceNode, location: Location) -> list[Any]:
        values = []
        for position, item in enumerate(node.value):
            where = (*location, position)
            self.lines[where] = item.start_mark.line + 1
            values.append(self._value(item, where))
        return values

    def _items(
        self, node: yaml.MappingNode, location: Location
    ) -> Iterator[tuple[str, yaml.Node, Location]]:
        """Each key once, with its value's node and location; keys without a value are left out."""
        seen: dict[str, int] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if not isinstance(key, str) or not key.isprintable() or key == "<<":
                message = (
                    "has a key that is not a plain name; lists, mappings and << cannot be keys"
                )
                self.findings.wrong(Source(self.source.name, {location: line}), location, message)
                continue
            where = (*location, key)
            if key in seen:
                message = f"is given again, first on line {seen[key]}; keep one of the two"
                self.findings.wrong(Source(self.source.name, {where: line}), where, message)
                continue
            seen[key] = self.lines[where] = line
            if not _is_null(value):
                yield key, value, where

    def _text(self, node: yaml.Node, location: Location) -> str | None:
        if _is_null(node):
            return None
        text: str = node.value
        if not text.isprintable() and location not in self.long_texts:
            message = "holds a line break or a control character; write it on one line"
            self.findings.wrong(self.source, location, message)
        return text


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null" and isinstance(node, yaml.ScalarNode))
