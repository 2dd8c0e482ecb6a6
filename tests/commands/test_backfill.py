"""`smsc-exporter backfill` as a person runs it, against a served gateway."""

import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from exporter import wiring
from exporter.commands.backfill_shown import done
from exporter.history.course import Course, Grid
from exporter.history.filling import Filled
from exporter.history.replay import Unknown
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Limits, Meter
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.commands.conftest import (
    LOGIN,
    PASSWORD,
    PATIENCE,
    SPEC,
    Ran,
    Served,
    Shell,
    started,
)
from tests.history.past import samples_of


KILLS = 3
MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = datetime.now(MOSCOW).date()
EARLIER = f"{TODAY - timedelta(days=1)}"


def fill(shell: Shell, *more: str, since: str = EARLIER, name: str = "past.om") -> Ran:
    path = shell.folder / name
    return shell.run("backfill", "--from", since, "--output", str(path), *more)


def messages_in(path: Path) -> float:
    """How many messages the file tells of."""
    found = samples_of(path.read_text(encoding="utf-8"))
    return sum(
        values[-1][1]
        for series, values in found.items()
        if series.startswith("smsc_messages_submitted_total")
    )


def sent_since(served: Served, day: str, until: float) -> int:
    midnight = datetime.fromisoformat(day).replace(tzinfo=MOSCOW).timestamp()
    return len(served.history(cnt=10**6, since=midnight, until=until + 1))


def settled(result: Ran) -> float:
    """The last second that the file tells of."""
    until = re.findall(r" to (\S+ \S+) MSK", result.err)[-1]
    return datetime.fromisoformat(until).replace(tzinfo=MOSCOW).timestamp()


def test_the_past_is_written(shell: Shell, served: Served) -> None:
    """All that was sent up to two minutes ago, under the labels asked for, with what to do next."""
    result = fill(shell, "--label", "job=smsc", "--label", "instance=localhost:10048")
    assert result.status == 0, result.err
    path = shell.folder / "past.om"
    assert messages_in(path) == sent_since(served, EARLIER, settled(result))
    series = samples_of(path.read_text(encoding="utf-8"))
    assert all('instance="localhost:10048",job="smsc"' in one for one in series)
    assert set(shell.permits()) == {"backfill"}
    assert len(shell.permits()) == len(served.gateway.calls)
    assert f"promtool tsdb create-blocks-from openmetrics {path} FOLDER" in result.err
    assert "the series lack" not in result.err
    assert re.search(r"[0-9]+ messages read or clicked: when they were delivered", result.err)


@pytest.mark.parametrize(("since_end", "warned"), [(4 * 3600 - 1, True), (4 * 3600, False)])
def test_blocks_wait_until_prometheus_has_put_its_head_down(
    since_end: int, *, warned: bool
) -> None:
    """Blocks that end in its last hours would cost every job what it has in memory."""
    course = Course(Grid(start=0, step=300, end=1_700_000_000))
    filled = Filled((course,), Unknown())
    told = done(filled, Path("a.om"), Path("b"), "UTC", 1_700_000_000.0 + since_end)
    assert ("wait with it until 2023-11-15 02:13:20 UTC" in told) == warned


def test_labels_of_the_scrape_are_missed(shell: Shell) -> None:
    """A file without job and instance would not continue anything: it is said how to mend it."""
    result = fill(shell, "--label", "job=smsc")
    assert "give --label instance=... as its scrape has it" in result.err


def test_the_past_ends_at_the_baseline(shell: Shell, served: Served) -> None:
    """What an exporter counts is not filled; a day it counts as a whole is nothing to fill."""
    baseline = time.time() - 3 * 3600
    begin_counting(shell, baseline)
    result = fill(shell, "--all-permits")
    assert settled(result) == int(baseline)
    assert messages_in(shell.folder / "past.om") == sent_since(served, EARLIER, int(baseline))
    over = fill(shell, "--all-permits", "--ignore-baseline", name="over.om")
    assert settled(over) > baseline + 3600


def begin_counting(shell: Shell, baseline: float) -> None:
    config = shell.config()
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), baseline)
    ledger.close()


def test_where_counting_began_earlier_there_is_nothing_to_fill(shell: Shell) -> None:
    """No call is made, and the way to lost numbers is named."""
    begin_counting(shell, time.time() - 3 * 86_400)
    result = fill(shell)
    assert (result.status, shell.permits()) == (1, [])
    assert "error: there is nothing to fill: the exporter counts since before --from" in result.err
    assert "--ignore-baseline" in result.err


def test_writing_anew_asks_nothing_anew(shell: Shell, served: Served) -> None:
    """Another step, or the labels that were forgotten, take what was read."""
    begin_counting(shell, time.time() - 3600)
    assert fill(shell).status == 0
    calls = len(served.gateway.calls)
    size = (shell.folder / "past.om").stat().st_size
    assert fill(shell, "--step", "5m").status == 0
    assert (shell.folder / "past.om").stat().st_size < size / 3
    assert len(served.gateway.calls) == calls


def test_the_work_file_names_nobody(shell: Shell, served: Served) -> None:
    """Neither numbers nor texts of the history are in what is left on the disk."""
    fill(shell)
    kept = (shell.folder / "past.om.work").read_bytes() + (shell.folder / "past.om").read_bytes()
    for record in served.history(cnt=50):
        assert f"{record.phone}".encode() not in kept
        text = served.text(record)
        assert len(text) < 10 or text.encode() not in kept
    assert PASSWORD.encode() not in kept


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--from", "2020-01-01"], "--from must be 20.*: the gateway keeps half a year"),
        (["--from", "tomorrow"], "--from must be today, yesterday, YYYY-MM-DD"),
        (["--from", "today", "--to", "yesterday"], "--from must not be later than --to"),
        (["--from", "today", "--to", f"{TODAY + timedelta(days=2)}"], "--to must not be later"),
        (["--from", "today", "--step", "10m"], "--step must be whole seconds from 1s to 5m"),
        (["--from", "today", "--step", "1.5"], "--step must be whole seconds"),
        (["--from", "today", "--step", "soon"], "--step must be a duration"),
        (["--from", "today", "--label", "job"], "--label must be NAME=VALUE"),
        (["--from", "today", "--label", "account=x"], "--label must be NAME=VALUE"),
        (["--from", "today", "--account", "none"], "--account names no account"),
    ],
)
def test_wrong_flags_cost_nothing(shell: Shell, words: list[str], problem: str) -> None:
    """One sentence that names the flag, no call, no file."""
    result = shell.run("backfill", "--output", str(shell.folder / "past.om"), *words)
    assert result.status == 2
    assert re.fullmatch(f"error: {problem}.*\n", result.err), result.err
    assert list(shell.folder.iterdir()) == []


def test_a_foreign_file_is_not_written_over(shell: Shell) -> None:
    """Nor a folder, nor a file in a folder that is not there."""
    path = shell.folder / "precious.txt"
    path.write_text("mine")
    assert "exists already" in fill(shell, name="precious.txt").err
    assert path.read_text() == "mine"
    assert "is a folder" in fill(shell, name=".").err
    assert "there is no folder" in fill(shell, name="none/past.om").err


def test_a_refused_login_ends_it(shell: Shell, served: Served) -> None:
    """After one call, with exit status 1, and the next run goes on."""
    served.gateway.faults.add(Fault(kind=FaultKind.ERROR_2))
    result = fill(shell)
    assert result.status == 1
    assert "login refused" in result.err
    assert len(served.gateway.calls) == 1
    assert not (shell.folder / "past.om").exists()


@pytest.fixture
def generous(served: Served) -> Served:
    """A gateway with many messages and calls to spare, each of which takes a moment."""
    spec = msgspec.structs.replace(SPEC, per_hour=350)
    limits = Limits(requests=10_000, identical=1000)
    account = Account(world=World(spec, 8), login=LOGIN, password=PASSWORD)
    served.gateway.accounts[LOGIN] = account
    served.gateway.meters[LOGIN] = Meter(limits)
    served.gateway.latency = 0.05
    return served


def test_a_kill_at_any_moment_costs_a_page_at_most(shell: Shell, generous: Served) -> None:
    """SIGKILL again and again: what was kept is not asked for again, and the end is the truth."""
    account = {"budget": {"requests": 9000}}
    words = ["--from", EARLIER, "--output", str(shell.folder / "past.om"), "--to", EARLIER]
    flags = ["backfill", shell.configured(account), *words, "--step=5m"]
    kept = 0
    for _ in range(KILLS):
        with started(shell, *flags):
            kept = _await_pages(shell, kept + 2)
        assert not (shell.folder / "past.om").exists()
    result = shell.run(*flags)
    assert result.status == 0, result.err
    until = settled(result)
    assert messages_in(shell.folder / "past.om") == sent_since(generous, EARLIER, until)
    pages = len([call for call in generous.gateway.calls if not call.error])
    asked = Counter(frozenset(call.parameters.items()) for call in generous.gateway.calls)
    assert pages - len(asked) <= KILLS
    assert len(asked) == _pages(shell)


def _await_pages(shell: Shell, goal: int) -> int:
    """Wait until so many pages are kept."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = _pages(shell)
        if found >= goal:
            return found
        time.sleep(0.01)
    pytest.fail(f"{goal} pages were not kept in time")


def _pages(shell: Shell) -> int:
    """Pages that the work file knows of; it is locked, so a copy is looked at."""
    path, copy = shell.folder / "past.om.work", shell.folder / "copy"
    if not path.exists():
        return 0
    copy.write_bytes(path.read_bytes())
    try:
        with closing(sqlite3.connect(copy)) as database:
            return int(database.execute("SELECT sum(pages) FROM window").fetchone()[0] or 0)
    except sqlite3.Error:
        return 0
