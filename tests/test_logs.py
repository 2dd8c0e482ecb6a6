"""Log lines: one each, ordered, without secrets."""

import io
import json
import logging
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from exporter import logs
from exporter.secrets import Secret


CANARY = "hun ter2&é"

Form = Literal["logfmt", "json"]
SetUp = Callable[..., io.StringIO]


@pytest.fixture(autouse=True)
def _fresh_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server started by another test of this process leaves its own settings behind."""
    for name in ("uvicorn.error", "uvicorn.access"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def fail(text: object) -> None:
    raise ValueError(text)


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_logfmt_line_has_time_level_event_then_facts(stream: io.StringIO) -> None:
    """A line begins with ts, level and event; the facts keep their order."""
    logs.set_up("info", "logfmt", stream)
    structlog.get_logger().info("page applied", rows=3, account="main", cost=Decimal("1.20"))
    assert re.fullmatch(
        r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z level=info"
        r' event="page applied" rows=3 account=main cost=1\.20\n',
        stream.getvalue(),
    )


def test_json_line_has_time_level_event_then_facts(stream: io.StringIO) -> None:
    """JSON lines have the same keys in the same order, numbers staying numbers."""
    logs.set_up("info", "json", stream)
    structlog.get_logger().warning("page applied", rows=3, last=None, odd=float("nan"), ok=True)
    facts = json.loads(stream.getvalue())
    assert list(facts) == ["ts", "level", "event", "rows", "last", "odd", "ok"]
    assert (facts["level"], facts["rows"], facts["last"], facts["odd"], facts["ok"]) == (
        "warning",
        3,
        None,
        "nan",
        True,
    )


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_level_holds_back_less_severe_lines(form: Form, stream: io.StringIO) -> None:
    """Lines below the level are not written, whoever writes them."""
    logs.set_up("warning", form, stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    assert lines(stream) == []


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_libraries_take_the_same_way(form: Form, stream: io.StringIO) -> None:
    """A standard-library line is rendered like ours and names its logger."""
    logs.set_up("info", form, stream)
    logging.getLogger("uvicorn.error").warning("shutting down %s", "now")
    (line,) = lines(stream)
    assert "shutting down now" in line
    assert "uvicorn.error" in line


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "sqlalchemy.engine.Engine", "uvicorn.access"]
)
def test_libraries_that_print_parameters_stay_quiet_at_debug(
    name: str, stream: io.StringIO
) -> None:
    """Lines with addresses and statement parameters are not written even at debug."""
    logs.set_up("debug", "logfmt", stream)
    logging.getLogger(name).info("GET https://smsc.ru/?psw=x")
    logging.getLogger(name).warning("kept")
    assert [line.split()[-2] for line in lines(stream)] == ["event=kept"]


@pytest.mark.parametrize("form", ["logfmt", "json"])
@pytest.mark.parametrize("written", ["clear", "percent", "plus", "escaped", "number", "bytes"])
def test_secrets_are_replaced_in_any_form(form: Form, written: str, stream: io.StringIO) -> None:
    """A registered secret is not shown in texts, keys, nested values, numbers or errors."""
    shown = {
        "clear": f"psw={CANARY}",
        "percent": "psw=hun%20ter2%26%C3%A9",
        "plus": "psw=hun+ter2%26%C3%A9",
        "escaped": r"psw=hun ter2&\u00e9",
        "number": 90210421,
        "bytes": b"90210421",
    }[written]
    logs.set_up("debug", form, stream)
    logs.redact([Secret(CANARY), Secret("90210421")])
    log = structlog.get_logger()
    log.info(str(shown), fact=shown, nested={"of": [{str(shown): (shown,)}]})
    try:
        fail(shown)
    except ValueError as error:
        log.exception("failed", cause=error)
        logging.getLogger("library").exception("failed with %s", shown)
    assert "<secret>" in stream.getvalue()
    for piece in ("ter2", "90210421"):
        assert piece not in stream.getvalue()


def test_secret_objects_are_masked_without_being_registered() -> None:
    """No way of printing a secret shows it."""
    secret = Secret(CANARY)
    assert {str(secret), repr(secret), f"{secret}", f"{secret!r:>8}"} == {"<secret>"}
    assert repr([secret]) == "[<secret>]"
    assert secret.reveal() == CANARY


def test_expected_error_is_one_fact_without_stack(stream: io.StringIO) -> None:
    """An error given as a fact is its kind and first line; the rest may hold parameters."""
    logs.set_up("debug", "logfmt", stream)
    error = OSError("disk is full\n[parameters: ('79990000001',)]")
    structlog.get_logger().warning("ledger not written", error=error)
    (line,) = lines(stream)
    assert line.endswith('event="ledger not written" error="OSError: disk is full"')


@pytest.mark.parametrize(("level", "stacks"), [("info", 0), ("debug", 1)])
def test_stack_of_unexpected_error_only_at_debug(
    level: Literal["info", "debug"], stacks: int, stream: io.StringIO
) -> None:
    """An unexpected error has a stack at debug, on the same line and without the error's text."""
    logs.set_up(level, "json", stream)
    try:
        fail("one\ntwo")
    except ValueError:
        structlog.get_logger().exception("poller failed")
    (line,) = lines(stream)
    facts = json.loads(line)
    assert facts["error"].startswith("ValueError: one")
    assert len([key for key in facts if key == "stack"]) == stacks
    assert line.count("in test_stack_of_unexpected_error") == stacks


@pytest.mark.parametrize("given", [ValueError("lost"), (ValueError, ValueError("lost"), None)])
def test_exception_may_be_handed_over(given: object, stream: io.StringIO) -> None:
    """An exception given as exc_info is shown like the one being handled."""
    logs.set_up("info", "logfmt", stream)
    structlog.get_logger().warning("x", exc_info=given)
    assert stream.getvalue().endswith(' event=x error="ValueError: lost"\n')


def test_line_that_cannot_be_formatted_is_dropped(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library's broken format string does not print its arguments raw."""
    logs.set_up("info", "logfmt", stream)
    logging.getLogger("library").warning("%d", CANARY)
    assert CANARY not in stream.getvalue() + capsys.readouterr().err


def test_set_up_twice_writes_each_line_once(stream: io.StringIO) -> None:
    """A reload may set logging up again."""
    logs.set_up("info", "logfmt", stream)
    logs.set_up("info", "json", stream)
    structlog.get_logger().info("once")
    (line,) = lines(stream)
    assert json.loads(line)["event"] == "once"


def test_long_values_are_cut(stream: io.StringIO) -> None:
    """One value cannot fill the disk."""
    logs.set_up("info", "json", stream)
    structlog.get_logger().info("long", body="x" * 1_000_000)
    assert len(json.loads(stream.getvalue())["body"]) == logs.LONGEST_VALUE + 3


ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@given(st.dictionaries(ANYTHING, ANYTHING | st.integers() | st.lists(ANYTHING), max_size=4))
def test_no_value_or_key_can_begin_a_line_or_a_pair(facts: dict[str, object]) -> None:
    """Whatever is logged, logfmt stays one printable line whose pairs parse back."""
    line = logs.render_logfmt(None, "info", {"event": "x", **facts})
    assert line.isprintable()
    pair = r'[A-Za-z0-9_.-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"=\\]+)'
    assert re.fullmatch(rf"{pair}(?: {pair})*", line)
    assert len(re.findall(rf"(?:^| )({pair})", line)) == len({"event", *facts})


@given(st.dictionaries(ANYTHING, ANYTHING | st.none() | st.lists(ANYTHING), max_size=4))
def test_json_is_one_line_that_parses_back(facts: dict[str, object]) -> None:
    """Whatever is logged, JSON stays one printable line with the same facts."""
    line = logs.render_json(None, "info", {"event": "x", **facts})
    assert line.isprintable()
    assert json.loads(line) == {"event": "x", **facts}


class HandClock:
    """Time that moves by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_repeats_lets_one_line_through_each_period() -> None:
    """The first line passes, then one each period with the number left out."""
    clock = HandClock()
    repeats = logs.Repeats(clock, every=60)
    written: list[dict[str, object]] = []

    def write(event: str, **facts: object) -> None:
        written.append({"event": event, **facts})

    for moment in (0, 1, 59, 60, 61, 121):
        clock.time = 1000.0 + moment
        repeats.log(write, "unreachable", key="main", at=moment)
    assert written == [
        {"event": "unreachable", "at": 0},
        {"event": "unreachable", "at": 60, "repeated": 2},
        {"event": "unreachable", "at": 121, "repeated": 1},
    ]


def test_repeats_keeps_keys_apart_and_forgets() -> None:
    """Another account's line passes, and so does the next one after the trouble was over."""
    repeats = logs.Repeats(HandClock(), every=60)
    written: list[str] = []
    repeats.log(written.append, "down", key="a")
    repeats.log(written.append, "down", key="b")
    repeats.log(written.append, "down", key="a")
    repeats.forget("down", "a")
    repeats.log(written.append, "down", key="a")
    assert written == ["down"] * 3


def test_repeats_survives_a_clock_set_back_and_many_keys() -> None:
    """A clock set back does not silence lines, and memory stays bounded."""
    clock = HandClock()
    repeats = logs.Repeats(clock, every=60, most=10)
    written: list[str] = []
    repeats.log(written.append, "down")
    clock.time = 0.0
    repeats.log(lambda event, **_: written.append(event), "down")
    for key in range(1000):
        repeats.log(written.append, "down", key=key)
    assert len(written) == 1002
    assert len(repeats._seen) == 10
