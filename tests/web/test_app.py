from html.parser import HTMLParser
from typing import Any

import httpx
import msgspec
import pytest

from exporter.ledger.snapshot import AccountState, StreamState
from exporter.web.errors import WebError
from exporter.web.landing import STATE_WORDS, ago
from exporter.web.scraping import accepts_gzip


async def test_metrics_are_served(ask: Any) -> None:
    """GET gives the page with its type and length."""
    answer = await ask("GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'smsc_api_budget_limit{account="main"} 29.0\n' in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_openmetrics_by_negotiation(ask: Any) -> None:
    """A scraper that prefers OpenMetrics gets it."""
    headers = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = await ask("GET", "/metrics", headers=headers)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


async def test_gzip_when_accepted(ask: Any) -> None:
    """gzip is used for those who take it, and for nobody else."""
    packed = await ask("GET", "/metrics", headers={"accept-encoding": "deflate, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "smsc_api_budget_limit" in packed.text
    whole = await ask("GET", "/metrics", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in whole.headers
    assert int(packed.headers["content-length"]) < int(whole.headers["content-length"])


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZip ; q=1", True),
        ("br, gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("", False),
        ("br", False),
    ],
)
def test_accept_encoding(header: str, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    """q=0 refuses."""
    assert accepts_gzip(header) is accepted


async def test_names_narrow_the_page(ask: Any) -> None:
    """?name[]= reaches the renderer."""
    answer = await ask("GET", "/metrics?name[]=smsc_api_budget_limit&name[]=python_info")
    assert answer.text.count("# TYPE") == 2


async def test_head_has_the_headers_alone(ask: Any) -> None:
    """HEAD tells the length of what GET would give, without a body."""
    query = "/metrics?name[]=smsc_api_budget_limit"
    got = await ask("GET", query, headers={"accept-encoding": "identity"})
    head = await ask("HEAD", query, headers={"accept-encoding": "identity"})
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/metrics", {"GET", "HEAD"}),
        ("DELETE", "/", {"GET", "HEAD"}),
        ("PUT", "/-/healthy", {"GET", "HEAD"}),
        ("GET", "/-/reload", {"POST"}),
    ],
)
async def test_wrong_method(
    ask: Any, world: Any, method: str, path: str, allowed: set[str]
) -> None:
    """A wrong method is refused with the right ones, and does nothing."""
    answer = await ask(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert world.reloads == 0


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/" + "x" * 20_000, "/%00", "/-/"])
async def test_unknown_pages(ask: Any, path: str) -> None:
    """Whatever else is asked for is plainly not there."""
    answer = await ask("GET", path)
    assert (answer.status_code, answer.text) == (404, "not found\n")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(("path", "field"), [("/-/healthy", "health"), ("/-/ready", "readiness")])
async def test_checks(ask: Any, world: Any, path: str, field: str) -> None:
    """The checks' word is 200 or 503 with the reason."""
    assert (await ask("GET", path)).status_code == 200
    setattr(world, field, (False, "account 'main' sleeps"))
    answer = await ask("GET", path)
    assert (answer.status_code, answer.text) == (503, "account 'main' sleeps\n")


async def test_reload(ask: Any, world: Any) -> None:
    """POST reads the configuration again; problems are told and are an error."""
    answer = await ask("POST", "/-/reload")
    assert (answer.status_code, answer.text, world.reloads) == (200, "reloaded\n", 1)
    world.problems = ("accounts.0.name: missing", "listen: no port")
    answer = await ask("POST", "/-/reload")
    assert answer.status_code == 500
    assert "nothing was changed" in answer.text
    assert answer.text.splitlines()[1:] == list(world.problems)


class _Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(answer: httpx.Response) -> _Reader:
    reader = _Reader()
    reader.feed(answer.text)
    return reader


async def test_landing_page(ask: Any, world: Any) -> None:
    """The page names the program, its version, each account's state, and links the rest."""
    world.current = msgspec.structs.replace(
        world.current,
        streams=(
            StreamState(account="main", channel="sms", synced=True, last_success=world.time - 125),
            StreamState(account="main", channel="email"),
        ),
        accounts=(
            AccountState(account="main", state="ok"),
            AccountState(account="other", state="refused", detail="next try in 10 minutes"),
        ),
    )
    page = read(await ask("GET", "/"))
    apis = ["/api/v1/status", "/api/v1/sd"]
    assert page.links == ["/metrics", "/status", *apis, "/-/healthy", "/-/ready"]
    assert "Version 1.2.3" in page.text
    assert "2 minutes ago" in page.text
    assert "nothing read yet" in page.text
    assert "login refused" in page.text
    assert "next try in 10 minutes" in page.text
    assert "script" not in page.tags


async def test_landing_page_escapes_everything(ask: Any, world: Any) -> None:
    """Names from the configuration and states cannot become part of the page's code."""
    nasty = "</dl><script>alert('x')</script>{version}&amp;\"%s"
    world.current = msgspec.structs.replace(
        world.current,
        streams=(StreamState(account=nasty, channel=nasty, last_success=world.time),),
        accounts=(AccountState(account=nasty, state=nasty, detail=nasty),),
        ledger_up=False,
    )
    answer = await ask("GET", "/")
    page = read(answer)
    assert "script" not in page.tags
    assert page.text.count(nasty) == 4
    assert STATE_WORDS["ledger"] in page.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_landing_page_without_accounts(ask: Any, world: Any) -> None:
    """Before any account has started the page says so."""
    world.current = msgspec.structs.replace(world.current, streams=(), accounts=())
    assert "No account has started." in (await ask("GET", "/")).text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0.2, "just now"),
        (1, "1 second ago"),
        (59.9, "59 seconds ago"),
        (3600, "1 hour ago"),
        (200_000, "2 days ago"),
    ],
)
def test_times_in_words(seconds: float, words: str) -> None:
    """Ages are rounded down to the largest unit."""
    assert ago(seconds) == words


@pytest.mark.parametrize("path", ["/telemetry", "/a/b", "/"])
async def test_telemetry_path(make_app: Any, path: str) -> None:
    """The metrics are where the configuration wants them; at / they take the page's place."""
    transport = httpx.ASGITransport(make_app(telemetry_path=path))
    async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
        assert "smsc_api_budget_limit" in (await client.get(path)).text
        assert (await client.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    "path", ["metrics", "", "/-/ready", "/status", "/api/v1/status", "/{x}", "/m?x"]
)
def test_impossible_telemetry_path(make_app: Any, path: str) -> None:
    """A path that cannot be served is refused with what to do."""
    with pytest.raises(WebError, match="choose one"):
        make_app(telemetry_path=path)
