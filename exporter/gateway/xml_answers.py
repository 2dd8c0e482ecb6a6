"""Answers in format 2, XML: ``<list>`` of ``<sms>`` is a page, ``<result>`` an error.

Read with expat: document types and entities of the answer's own are refused, so that a small body
cannot grow in memory. Control characters and markup that a message's text brought in unescaped are
mended before giving up.
"""

import re
from html import escape
from xml.parsers import expat

from exporter.gateway.json_answers import no_rows
from exporter.gateway.rows import RawRows, fields_of
from exporter.gateway.sketch import unreadable
from exporter.gateway.values import whole


Fields = dict[str, str]

_DEPTH_LIMIT = 64
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ILLEGAL_REFERENCE = re.compile(
    r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));", re.IGNORECASE
)
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_MESSAGE = re.compile(r"(?<=<message>).*?(?=</message>\s*<(?:/sms|[a-z_]+)>)", re.DOTALL)


class _RefusedError(Exception):
    """The document holds what no answer holds."""


class _Reader:
    """Collects the fields of each row, or of the error, of one document."""

    def __init__(self) -> None:
        self.root = ""
        self.rows: list[Fields] = []
        self.result: Fields = {}
        self._path: list[str] = []
        self._value: list[str] = []

    def read(self, text: str) -> bool:
        """Read a whole document; whether it is well formed."""
        parser = expat.ParserCreate("utf-8")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._value.append
        try:
            parser.Parse(text.encode("utf-8"), True)
        except (expat.ExpatError, _RefusedError):
            return False
        return True

    def _doctype(self, *_declaration: object) -> None:
        raise _RefusedError

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEPTH_LIMIT:
            raise _RefusedError
        if self._is_holder():
            self._value.clear()
        self.root = self.root or name
        self._path.append(name)
        if self._path == ["list", "sms"]:
            self.rows.append({})

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._is_holder():
            fields = self.result if self.root == "result" else self.rows[-1]
            fields.setdefault(name, "".join(self._value))

    def _is_holder(self) -> bool:
        return self._path in (["list", "sms"], ["result"])


def xml_rows(text: str, *, personal: bool) -> RawRows:
    """The rows of an XML answer.

    Raises `ApiError` for an error and `UnreadableAnswer` for any other document.
    """
    reader = _read(text)
    if reader.root == "list":
        return [fields_of(row.items(), personal=personal) for row in reader.rows]
    if reader.root == "result" and not reader.result.keys().isdisjoint({"error", "error_code"}):
        return no_rows(whole(reader.result.get("error_code")), reader.result.get("error", ""))
    raise unreadable(text)


def _read(text: str) -> _Reader:
    legal = _ILLEGAL_REFERENCE.sub(" ", _ILLEGAL.sub(" ", text))
    for mended in (legal, _BARE_AMPERSAND.sub("&amp;", legal), _MESSAGE.sub(_escape, legal)):
        reader = _Reader()
        if reader.read(mended):
            return reader
    raise unreadable(text)


def _escape(match: re.Match[str]) -> str:
    return escape(match.group())
