"""``smsc-exporter probe``: whether a running exporter is well, for health checks."""

import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException

from exporter.commands.shell import fail, note


MOST = 4096
"""Bytes of an answer that are shown."""


def probe(url: str, timeout: float) -> None:
    """Ask the page at ``url``, waiting ``timeout`` seconds at most; ends with status 1 if unwell.

    An exporter that asks for a login has answered, so it is taken for well.
    """
    if not url.startswith(("http://", "https://")):
        fail(f"{url!r} is no address of a page: give one that starts with http:// or https://")
    try:
        status, text = _ask(url, timeout)
    except (OSError, ValueError, HTTPException) as error:
        fail(f"{url} does not answer: {_reason(error)}", status=1)
    if status == HTTPStatus.UNAUTHORIZED:
        note("asks for a login, so more is not known")
    elif status != HTTPStatus.OK:
        fail(f"{url} answered {status}: {text}", status=1)
    else:
        note(text)


def _ask(url: str, timeout: float) -> tuple[int, str]:
    # The exporter is asked itself, whatever proxies there are on the way to the gateway.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(url, timeout=timeout)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read(MOST).decode(errors="replace").strip()


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error)
