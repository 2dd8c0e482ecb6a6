"""Answers in plain text, and the headers that every answer has."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """One line of text, or a few."""
    return PlainTextResponse(f"{text}\n", status, headers={**HEADERS, **(headers or {})})
