"""What happened lately: bounded, and told as it was."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.request import HistoryRequest
from exporter.ledger import logins
from exporter.ledger.lately import (
    KEPT_SPANS,
    KEPT_TROUBLES,
    LONGEST_TEXT,
    SPAN,
    Call,
    Outcomes,
    Trouble,
    with_outcomes,
    with_trouble,
)
from exporter.ledger.permits import usage
from tests.ledger.desk import DAY, T0, Desk, row
from tests.ledger.permit_log import PermitLog


LEARNT = st.dictionaries(st.sampled_from(["delivered", "expired"]), st.integers(0, 99))
STEPS = st.lists(
    st.tuples(st.integers(0, 12 * 3600), st.sampled_from(["sms", "email"]), LEARNT), max_size=60
)
TROUBLES = st.lists(
    st.tuples(st.sampled_from(["sms", "email", "ledger"]), st.sampled_from("abcdefg")), max_size=80
)


@given(steps=STEPS)
def test_outcomes_of_six_hours_are_kept(steps: list[tuple[int, str, dict[str, int]]]) -> None:
    """Each message is in the span in which it was learnt, and what is older is gone."""
    spans: tuple[Outcomes, ...] = ()
    steps = sorted(steps, key=lambda step: step[0])
    for at, channel, learnt in steps:
        spans = with_outcomes(spans, channel, learnt, T0 + at)
    starts = [span.start for span in spans]
    assert starts == sorted(set(starts))
    assert len(starts) <= KEPT_SPANS
    if not spans:
        return
    newest = (T0 + steps[-1][0]) // SPAN * SPAN
    assert all(newest - KEPT_SPANS * SPAN < start <= newest for start in starts)
    kept = sum(n for at, _, learnt in steps for n in learnt.values() if T0 + at >= starts[0])
    assert sum(n for span in spans for n in span.counts.values()) == kept


def test_streams_and_outcomes_are_told_apart() -> None:
    """Within a span amounts are added up by stream and outcome."""
    spans = with_outcomes((), "sms", {"delivered": 2}, T0 + 1.0)
    spans = with_outcomes(spans, "email", {"delivered": 3}, T0 + 2.0)
    spans = with_outcomes(spans, "sms", {"delivered": 1, "expired": 1}, T0 + SPAN - 1.0)
    counts = {("sms", "delivered"): 3, ("email", "delivered"): 3, ("sms", "expired"): 1}
    assert spans == (Outcomes(T0, counts),)


def test_a_clock_set_back_leaves_nothing_ahead() -> None:
    """What was noted later than now is dropped; the rest goes on."""
    spans = with_outcomes((), "sms", {"delivered": 1}, T0)
    ahead = with_outcomes(spans, "sms", {"delivered": 5}, T0 + 10.0 * SPAN)
    assert with_outcomes(ahead, "sms", {"delivered": 2}, T0 + 1.0) == (
        Outcomes(T0, {("sms", "delivered"): 3}),
    )


@given(steps=TROUBLES)
def test_troubles_are_bounded_and_counted(steps: list[tuple[str, str]]) -> None:
    """One line for each kind at a place, the last first, however often it comes."""
    troubles: tuple[Trouble, ...] = ()
    for place, (source, kind) in enumerate(steps):
        troubles = with_trouble(troubles, source, kind, f"text {place}", T0 + place)
    assert len(troubles) <= KEPT_TROUBLES
    last = [trouble.last for trouble in troubles]
    assert last == sorted(last, reverse=True)
    assert len({(trouble.source, trouble.kind) for trouble in troubles}) == len(troubles)
    if len(set(steps)) <= KEPT_TROUBLES:
        assert sum(trouble.times for trouble in troubles) == len(steps)
    for trouble in troubles:
        assert trouble.text == f"text {trouble.last - T0:.0f}"
        assert trouble.first <= trouble.last


def test_a_long_text_is_cut() -> None:
    """No error fills the page."""
    (trouble,) = with_trouble((), "sms", "html", "x" * 10_000, T0)
    assert trouble.text == "x" * LONGEST_TEXT + "..."


def test_calls_that_count_are_told_with_their_results(log: PermitLog) -> None:
    """Kind, time and plain result of each; one under way has none; what is free again is gone."""
    log.finish(log.spend(T0), T0 + 1)
    log.finish(log.spend(T0 + 10.0), T0 + 11, logins.UNJUDGED + "http_error")
    log.spend(T0 + 20.0)
    with log.engine.begin() as connection:
        assert usage(connection, 1, T0 + 30.0).calls == (
            Call("head", T0, "ok"),
            Call("head", T0 + 10.0, "http_error"),
            Call("head", T0 + 20.0, None),
        )
        later = usage(connection, 1, T0 + 3605.0).calls
        assert [call.at - T0 for call in later] == [10, 20]


def test_a_page_tells_what_matured_first(desk: Desk) -> None:
    """Outcomes at the first deadline alone, of messages counted, each once."""
    desk.apply([row(1, T0 + 1), row(2, T0 + 2), row(3, T0 + 3)], T0 + 10.0)
    done = [row(1, T0 + 1, 1, status_time=T0 + 9), row(2, T0 + 2), row(3, T0 + 300)]
    assert desk.apply(done, T0 + 400.0).outcomes == {"delivered": 1, "pending": 1}
    assert desk.apply(done, T0 + 400.0).outcomes == {}
    assert desk.apply(done, T0 + 2.0 * DAY).outcomes == {"pending": 1}


def test_history_from_before_the_start_is_told_until_it_is_read(desk: Desk) -> None:
    """All of the look-back at first, then what is below the pages read, then nothing."""

    def unread() -> tuple[float, float]:
        desk.ledger.refresh("a", "sms", desk.now)
        (stream,) = desk.ledger.snapshot().streams
        return stream.earlier_seconds, stream.earlier_unread

    assert unread() == (DAY, DAY)
    rows = [row(n, T0 - 3600 + 60 * n, 1, status_time=T0) for n in range(59, 0, -1)]
    desk.apply(rows[:30], T0 + 1.0, request=HistoryRequest(cnt=30))
    whole, left = unread()
    assert whole == DAY
    assert DAY - 3600 < left < DAY
    desk.apply(rows[30:], T0 + 2.0, request=HistoryRequest(cnt=1000, prev_id="30"))
    assert unread() == (DAY, 0)
    newest = [row(n, T0 + n, 1, status_time=T0 + n) for n in range(905, 900, -1)]
    assert desk.apply(newest, T0 + 910.0, request=HistoryRequest(cnt=5)).opened_gap
    assert unread() == (DAY, 0)
