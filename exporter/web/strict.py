"""Requests that nothing here has a use for are refused, and end their connection."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.web.answers import plain


VERSIONS = frozenset({"1.0", "1.1"})


def strict(app: ASGIApp, header_bytes: int) -> ASGIApp:
    """The application, asked in HTTP/1, by heads of that size at most, and without a body.

    What follows a body on the same connection could be taken for part of it by a proxy and for a
    request by us, or the other way round; so nothing follows.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        status = _refused(scope, header_bytes)
        if status is None:
            await app(scope, receive, send)
        else:
            refusal = plain(status.phrase.lower(), status, {"Connection": "close"})
            await refusal(scope, receive, send)

    return answer


def _refused(scope: Scope, header_bytes: int) -> HTTPStatus | None:
    if scope["http_version"] not in VERSIONS:
        return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    headers = scope["headers"]
    line = len(scope["raw_path"]) + len(scope["query_string"])
    if line + sum(len(name) + len(text) for name, text in headers) > header_bytes:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if any(name == b"transfer-encoding" or _is_length(name, text) for name, text in headers):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return None


def _is_length(name: bytes, text: bytes) -> bool:
    return name == b"content-length" and text.strip(b"0 ") != b""
