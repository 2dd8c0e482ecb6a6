"""The page a person watches."""

import re
from decimal import Decimal
from html import escape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.lately import Call, Outcomes, Trouble
from exporter.ledger.outlook import GapOutlook, Outlook
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot
from exporter.web.landing import STATE_WORDS
from exporter.web.status_page import REFRESH, status_page
from tests.web.watched import CALLS, EMAIL, MAIN, NOW, SMS, STREAMS, WATCHED, at


VOID = {"meta", "br", "input", "link"}


class Read(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "desc"}:
            self.words += data if self.open[-1] in {"b", "small", "span", "a", "i"} else f" {data}"


def changed(**facts: Any) -> Snapshot:
    """The watched account with other facts."""
    account = msgspec.structs.replace(MAIN, **facts)
    return msgspec.structs.replace(WATCHED, accounts=(account,))


def with_stream(**facts: Any) -> Snapshot:
    """The watched sms history with other facts."""
    sms = msgspec.structs.replace(STREAMS[0], **facts)
    return msgspec.structs.replace(WATCHED, streams=(sms,))


def page_of(snapshot: Snapshot = WATCHED, **how: Any) -> str:
    return status_page(snapshot, NOW, version="0.1.0", **how)


def words_of(snapshot: Snapshot = WATCHED, now: float = NOW) -> str:
    page = Read(status_page(snapshot, now, version="0.1.0"))
    assert page.open == []
    return re.sub(r"\s+", " ", page.words)


def test_an_account_is_told_at_a_glance() -> None:
    """State, next call and why, calls, load, balance, and for each history how it is read."""
    words = words_of()
    for told in (
        "main working",
        "Waits until 12:31:12 UTC, in 1 min 2 s: no call is worth its price yet.",
        "Calls left 2 of 29 an hour; 27 spent",
        "Load 28.5%",
        "Balance, RUB 1,871.62 as of 3 minutes ago",
        "sms rows are missing",
        "Data age 1 min 1 s newest page each 3 min 34 s",
        "Rows an hour 8,012",
        "Pending 512",
        "Gaps 1 2 min 22 s never read",
        "Coverage 99.8%",
        "email up to date",
        "Gaps none",
    ):
        assert told in words


def test_a_small_share_is_no_code() -> None:
    """Less than a thousandth is said with a sign that pages are made of."""
    page = page_of(changed(outlook=Outlook(saturation=0.0004, streams=())))
    assert '<dd class="">&lt;0.1%' in page


def test_calls_are_told_by_kind() -> None:
    """Each call of the last hour is drawn once, in the minute in which it was made."""
    words = words_of()
    told = "newest page 12 older page 5 look-up of numbers 3 back-fill 4 without a page 3"
    assert told in words
    assert len(CALLS) == 12 + 5 + 3 + 4 + 3
    calls = (
        Call("head", NOW - 3, "ok"),
        Call("odd", NOW - 61, None),
        Call("head", NOW - 3600, "ok"),
        Call("head", NOW + 5, "ok"),
    )
    page = page_of(changed(calls=calls))
    assert "<g><title>just now: newest page 2</title>" in page
    assert "<g><title>1 min ago: odd 1</title>" in page
    assert "<desc>newest page 2, odd 1</desc>" in page
    assert "Calls of the last hour: none." in words_of(changed(calls=calls[2:3]))


def test_outcomes_are_told_by_the_time_they_were_learnt() -> None:
    """Five minutes at a time, each stream its own, nothing from before the watch began."""
    begun = at("12:02:00")
    spans = (
        Outcomes(int(at("09:00:00")), {("sms", "expired"): 9}),
        Outcomes(int(at("12:05:00")), {("sms", "delivered"): 3, ("email", "delivered"): 7}),
        Outcomes(int(at("12:30:00")), {("sms", "delivered"): 1, ("sms", "brand_new"): 1}),
    )
    page = page_of(changed(watched_since=begun, outcomes=spans))
    assert "<g><title>12:05 to 12:10 UTC: delivered 3</title>" in page
    assert "<g><title>12:30 to 12:35 UTC: delivered 1, brand new 1</title>" in page
    assert "<desc>delivered 4, brand new 1</desc>" in page
    assert "<desc>delivered 7</desc>" in page
    assert "What became of messages 5 min after sending" in page
    assert page.count("watched since 12:02 UTC") == 2
    # Of an hour in five-minute steps that ends at 12:35, 12:00 to 12:05 is watched in part.
    assert '<rect class="blank" width="50" height="100"/>' in page


@pytest.mark.parametrize(
    ("watched", "hours"), [(60, 1), (3599, 1), (2 * 3600, 2), (9000, 3), (4 * 3600, 6), (10**6, 6)]
)
def test_the_axis_is_no_longer_than_the_watch(watched: float, hours: int) -> None:
    """A young exporter shows an hour, an old one six and no word of its start."""
    span = (Outcomes(int(NOW // 300) * 300, {("sms", "delivered"): 3}),)
    page = page_of(changed(watched_since=NOW - watched, outcomes=span))
    assert f"<span>{hours} h ago</span><span>" in page
    assert f'viewBox="0 0 {hours * 120} 100"' in page
    assert ("watched since" in page) == (watched < hours * 3600 - 300)


def test_nothing_learnt_is_said_with_its_time() -> None:
    """No empty chart, and no claim about the time before the start."""
    told = "What became of messages 5 min after sending: nothing learnt since 08:02:00 UTC."
    assert told in words_of(changed(outcomes=()))
    assert "What became" not in words_of(changed(outcomes=(), watched_since=None))


def test_pending_messages_are_told_by_age() -> None:
    """Ages of all routes and states together."""
    assert "up to 5 min 245 5 min to 1 h 180 1 h to 24 h 74 older 13" in words_of()
    assert "Pending, by time" not in words_of(with_stream(pending={}))


def test_gaps_are_told_with_their_size() -> None:
    """From when to when, how long, about how many rows; only the newest few, and no others."""
    told = "Never read 09:12:40 to 09:15:02 UTC 2 min 22 s, about 316 rows"
    assert told in words_of()
    assert words_of().count(", about ") == 1
    gaps = tuple(
        GapOutlook(kind="gap", lower=NOW - 200 - n, upper=NOW - n, rows=1.0) for n in range(8)
    )
    words = words_of(
        changed(
            outlook=Outlook(
                saturation=None, streams=(msgspec.structs.replace(SMS, gaps=gaps), EMAIL)
            )
        )
    )
    assert words.count("about 1 rows") == 5
    assert "and 3 older" in words


def test_progress_is_told_while_there_is_any() -> None:
    """The first sync, then what is left to read with spare calls, then nothing."""
    page = page_of()
    assert "Back-fill <small>64.4%: 3 h 52 min of 6 h before the first start read" in page
    assert '<progress max="100" value="64.4" aria-label="Back-fill">' in page
    page = page_of(with_stream(synced=False, earlier_unread=10**9))
    assert "First sync <small>0%: 0 s of 6 h before the first start read</small>" in page
    assert '<progress max="100" value="0" aria-label="First sync">' in page
    assert "<progress" not in page_of(with_stream(earlier_unread=0.0))
    assert "<progress" not in page_of(with_stream(earlier_seconds=0.0, earlier_unread=0.0))


def test_errors_are_told_with_times_and_counts() -> None:
    """What happened, when last, and how often; none is said as well."""
    words = words_of()
    assert (
        "sms the gateway did not answer within 30 s"
        " 12:11:09 UTC, 19 minutes ago; 3 times since 10:01:12"
    ) in words
    assert "balance the gateway refused the login (error 2) 09:11:09 UTC, 3 hours ago" in words
    assert "Last errors None since 08:02:00 UTC." in words_of(changed(troubles=()))


def test_decisions_are_told_in_words() -> None:
    """When, what, and why, the newest first."""
    words = words_of()
    assert "12:27:34 look-up of numbers of sms messages without a final status" in words
    assert words.index("12:30:01 wait") < words.index("12:29:12 newest page of sms")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"last_success": None}, "sms nothing read yet"),
        ({"last_success": NOW - 700}, "sms not read for 11 min 40 s"),
        ({"cadence": 10.0, "last_success": NOW - 179}, "sms rows are missing"),
        ({"cadence": 10.0, "last_success": NOW - 181}, "sms not read for 3 min 1 s"),
        ({"poll_up": False}, "sms last call failed"),
        ({"synced": False}, "sms first sync under way"),
        ({"gaps": 0}, "sms up to date"),
    ],
)
def test_states_of_a_history(facts: dict[str, Any], words: str) -> None:
    """The worst that can be said of it."""
    assert words in words_of(with_stream(**facts))


def test_a_ledger_that_is_down_is_said_first() -> None:
    """The page answers with what is known, and says from when it is."""
    down = msgspec.structs.replace(WATCHED, ledger_up=False)
    words = words_of(down)
    alarm = words.index("The ledger cannot be used; what is shown is from before.")
    assert alarm < words.index("main")
    assert "It was last written 1 minute ago." in words
    never = Snapshot(accounts=(AccountState(account="main"),), loaded=False, ledger_up=False)
    assert "The ledger is not open: what it holds is not known." in words_of(never)


@pytest.mark.parametrize("state", [*STATE_WORDS, "brand-new"])
def test_every_state_is_shown(state: str) -> None:
    """Known states in words, with what is behind them; the tab's title says so, too."""
    words = words_of(changed(state=state, detail="because of this", next_poll=None))
    told = STATE_WORDS.get(state, state)
    assert f"main {told}" in words
    assert f"{told} · smsc-exporter" in words
    assert "because of this" in words
    assert "No call is planned." in words


def test_what_is_not_known_is_said() -> None:
    """Before the first turn, and before the balance was told, no number is made up."""
    words = words_of(Snapshot(accounts=(AccountState(account="fresh"),)))
    assert "fresh starting" in words
    assert "Calls left not known yet" in words
    assert "Balance" not in words
    assert "Balance not known yet" in words_of(changed(balance=BalanceState()))
    refused = BalanceState(state="refused", detail="no right to ask")
    assert "Balance not known no right to ask" in words_of(changed(balance=refused))
    assert "No account has started." in words_of(Snapshot())


def test_several_accounts_have_a_list() -> None:
    """One line for each, leading to its card."""
    other = AccountState(account="other", state="refused")
    page = page_of(msgspec.structs.replace(WATCHED, accounts=(MAIN, other)))
    assert Read(page).links[-2:] == ["#account-0", "#account-1"]
    assert '<article id="account-1">' in page
    assert "<title>1 of 2 working · smsc-exporter</title>" in page
    assert 'href="#' not in page_of()


def test_the_page_comes_anew_by_itself() -> None:
    """Without scripts; who wants to read in peace can hold it still."""
    again = f'<meta http-equiv="refresh" content="{REFRESH}">'
    assert again in page_of()
    assert 'href="/status?still"' in page_of()
    assert again not in page_of(still=True)


async def test_the_page_is_served(ask: Any, world: Any) -> None:
    """From memory, kept by nobody, under a policy that lets no script run."""
    world.current, world.time = WATCHED, NOW
    answer = await ask("GET", "/status")
    assert answer.text == status_page(WATCHED, NOW, version="1.2.3")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    still = await ask("GET", "/status?still")
    assert still.text == status_page(WATCHED, NOW, version="1.2.3", still=True)
    assert (await ask("POST", "/status")).status_code == 405


def test_nothing_comes_from_elsewhere() -> None:
    """Every link stays here, and nothing is fetched or run."""
    page = Read(page_of())
    assert all(link.startswith(("/", "#")) for link in page.links)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not any(name.startswith("on") or name == "src" for name in page.attributes)


NASTY = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["</title><script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "&amp;{version}%s"]
)


@given(text=NASTY)
def test_no_value_becomes_code(text: str) -> None:
    """Names, details, errors, kinds and labels from anywhere stay text."""
    page, harmless = _filled_with(text), _filled_with("harmless" if text else "")
    assert escape(text) in page
    assert Read(page).tags == Read(harmless).tags
    assert Read(page).attributes == Read(harmless).attributes


def _filled_with(text: str) -> str:
    """A page that has this text wherever one can be."""
    stream = msgspec.structs.replace(
        STREAMS[0], account=text, channel=text, pending={("sms", "RU", "x", "queued", text): 3}
    )
    outlook = Outlook(saturation=1.0, streams=(msgspec.structs.replace(SMS, channel=text),))
    account = msgspec.structs.replace(
        MAIN,
        account=text,
        state=text,
        detail=text,
        balance=BalanceState(state=text, detail=text, currency=text),
        calls=(Call(text, NOW - 5, "ok"),),
        outcomes=(Outcomes(int(NOW // 300) * 300, {(text, text): 5}),),
        troubles=(Trouble(source=text, kind=text, text=text, first=NOW, last=NOW),),
        decisions=({**MAIN.decisions[0], "action": text, "channel": text, "why": text},),
        outlook=outlook,
    )
    paid = BalanceState(amount=Decimal(1), currency=text, read_at=NOW)
    other = msgspec.structs.replace(account, balance=paid)
    alone = Snapshot(accounts=(account,), streams=(stream,), deadlines={"5m": 300})
    both = msgspec.structs.replace(alone, accounts=(account, other))
    return "".join(status_page(snapshot, NOW, version=text) for snapshot in (alone, both))
