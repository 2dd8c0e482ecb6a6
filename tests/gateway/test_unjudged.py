"""Which failed calls may have cost a refused log-in, and which surely have not."""

from collections.abc import Callable

import httpx
import pytest

from exporter.gateway.client import GatewayClient
from exporter.gateway.errors import GatewayError, api_error
from exporter.gateway.permit import Permit
from exporter.gateway.request import HistoryRequest


Client = Callable[..., GatewayClient]
GetPermit = Callable[[HistoryRequest], Permit]

NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
PERHAPS_SENT = (
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.RemoteProtocolError,
    TimeoutError,
    OSError,
)


class Broken(httpx.AsyncBaseTransport):
    """A way to the gateway that ends in an error."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self._error("x")


async def failure(client: GatewayClient, permit: GetPermit) -> GatewayError:
    request = HistoryRequest()
    with pytest.raises(GatewayError) as caught:
        await client.history(request, permit(request))
    return caught.value


@pytest.mark.parametrize("error", [*NOT_SENT, *PERHAPS_SENT])
async def test_calls_that_never_left_are_told_from_those_that_may_have(
    error: type[Exception], client: Client, permit: GetPermit
) -> None:
    """Only without a connection it is certain that no log-in was judged."""
    broken = client("http://gateway", transport=Broken(error))
    assert (await failure(broken, permit)).unjudged == (error in NOT_SENT)


@pytest.mark.parametrize(
    ("status", "unjudged"), [(302, True), (404, True), (429, True), (500, False), (504, False)]
)
async def test_the_web_servers_own_answers_judge_nothing(
    status: int, *, unjudged: bool, client: Client, permit: GetPermit
) -> None:
    """Behind a status from 500 on the gateway's program may have run."""
    answering = httpx.MockTransport(lambda _: httpx.Response(status))
    failed = await failure(client("http://gateway", transport=answering), permit)
    assert failed.unjudged == unjudged


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"id"', b"?"])
async def test_unreadable_answers_may_have_been_refusals(
    body: bytes, client: Client, permit: GetPermit
) -> None:
    """What can't be read may stand where a refusal stood."""
    answering = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    failed = await failure(client("http://gateway", transport=answering), permit)
    assert (failed.unjudged, failed.code) == (False, None)


async def test_no_connection_and_no_name_are_no_log_ins(client: Client, permit: GetPermit) -> None:
    """Over real sockets too."""
    for url in ("http://127.0.0.1:1", "https://gateway.invalid"):
        assert (await failure(client(url), permit)).unjudged


def test_an_error_without_a_code_may_be_a_refusal() -> None:
    """Only a code tells which error it was."""
    assert (api_error(None).unjudged, api_error(None).code) == (False, None)
