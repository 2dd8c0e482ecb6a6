"""What freshness an account can expect, asked for with flags and files."""

import json
import math
import os
import signal
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from exporter.commands.expected import Expected, jobs_for, world_of
from exporter.commands.forecast_shown import as_json, as_text
from exporter.commands.wanted import Flags, Wanted, read_wanted
from exporter.config import Budget, ConfigError
from exporter.rehearsal.foreign import Foreign
from exporter.rehearsal.measures import Delay, Measures
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import DAY, HOUR, START, Scenario, Sender
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import SHARES, plain_world
from exporter.simulation.limits import Limits
from exporter.simulation.spec import Campaign, Outage, WorldError
from tests.commands.conftest import PATIENCE, Served, Shell, started


QUICK = ("simulate", "--hours", "0.5", "--per-hour", "60", "--flat", "--policies", "newest")
"""An hour is rehearsed, of which half is judged."""


def wanted(file: Path | None = None, **given: Any) -> Wanted:
    """What these flags come to."""
    return read_wanted(given, file, None)


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "world.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_are_those_of_a_rehearsal(shell: Shell, served: Served) -> None:
    """What is printed is what the exporter does on a virtual clock; the gateway hears nothing."""
    ran = shell.run(*QUICK, "--permits", "12", "--seed", "5", "--json")
    assert ran.status == 0
    scenario = Scenario(
        name="",
        senders=(Sender(world=plain_world(60), seed=5),),
        hours=1,
        budget=Budget(requests=12),
        limits=Limits(requests=30),
        seed=5,
    )
    expected = json.loads(msgspec.json.encode(rehearse(scenario, POLICIES["newest"]).measures()))
    (found,) = json.loads(ran.out)["results"]
    assert (found.pop("permits"), found.pop("policy")) == (12, "newest")
    assert found == {key: value for key, value in expected.items() if key != "digest"}
    assert 10 <= found["calls_per_hour"] <= 11
    assert found["knowledge"]["count"] > 10
    assert not served.gateway.calls
    assert not shell.ledger.exists()


def test_several_are_run_beside_each_other(shell: Shell) -> None:
    """Budgets and policies come in the order asked for, each as if it had been alone."""
    both = shell.run(*QUICK, "--permits", "10,5", "--json")
    alone = shell.run(*QUICK, "--permits", "5", "--json")
    results = json.loads(both.out)["results"]
    assert [each["permits"] for each in results] == [10, 5]
    assert results[1:] == json.loads(alone.out)["results"]
    assert results[0]["calls_per_hour"] > results[1]["calls_per_hour"]


def test_the_chart_shows_each_line_of_the_table(shell: Shell) -> None:
    """A curve for each result, with its name; the data stays on standard output."""
    chart = shell.folder / "c.svg"
    ran = shell.run(*QUICK, "--chart", str(chart))
    assert (ran.status, ran.err) == (0, f"chart: {chart}\n")
    texts = [text.text for text in ET.parse(chart).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[1] == "60 messages an hour, evenly"
    assert texts[-1] == "newest page, 30 permits an hour"
    assert ran.out.startswith("60 messages an hour, evenly\n\npermits  polling      calls/h")


def test_a_chart_that_cannot_be_written_is_one_line(shell: Shell) -> None:
    """The numbers are printed all the same."""
    ran = shell.run(*QUICK, "--chart", "/dev/full")
    assert ran.status == 1
    assert "newest page" in ran.out
    assert ran.err.splitlines()[-1] == (
        "error: the chart can't be written to /dev/full: No space left on device"
    )


def test_everything_wrong_is_told_at_once(shell: Shell) -> None:
    """Flags and the file, each with its place, before anything is run."""
    file = written(
        shell.folder,
        "per_hour: 5\nmessages_per_day: 7\nnasty_share: many\nlatency: 3\nhours: 0\n"
        "campaign: 20000@25:00\ncampaigns: [{at: 5, duration: 900, size: x}]\n"
        "operators: [{name: a, mccmnc: b, share: 1}]\n",
    )
    flags = ("--permits", "30,1", "--policies", "best", "--other-programs", "nan", "--seed", "x")
    outages = ("--outage", "50%@1:00+1", "--outage", "60%@1:00+1")
    ran = shell.run(
        "simulate", "--file", str(file), *flags, *outages, "--chart", "/nowhere/at/all.svg"
    )
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.replace(str(file), "FILE").splitlines() == [
        (
            "error: command line: --outage: must leave operators without trouble: at most 4, below"
            " 100 % together"
        ),
        "error: command line: --permits[1]: must be a whole number from 2 to 1,000",
        "error: command line: --policies[0]: must be of newest, paging, plain, valuing, omniscient",
        "error: command line: --other-programs: must be a number from 0 to 1,000",
        "error: command line: --seed: must be a whole number from 0 to 2,147,483,648",
        "error: command line: --chart: must be a file in a folder that exists",
        "error: FILE:1: per_hour: can't stand beside messages_per_day: give one of the two",
        "error: FILE:3: nasty_share: expected `float`, got `str` in nasty_share",
        "error: FILE:4: latency: is not a known key; did you mean latency_factor?",
        "error: FILE:5: hours: must be a number from 0.5 to 168",
        (
            "error: FILE:6: campaign[0]: must be SIZE@HH:MM or SIZE@HH:MM/MINUTES, such as"
            " 20000@12:00/15"
        ),
        "error: FILE:7: campaigns: expected `int`, got `str` in campaigns[0].size",
        "error: FILE:8: operators: can't stand beside --outage: give the operator its outages here",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("--file", "/nowhere/world.yml"),
        ("--campaign", "12:00"),
        ("--campaign", "5@12:00/0"),
        ("--outage", "0%@12:00+1"),
        ("--outage", "10%@12:00+0"),
        ("--permits", "30,30"),
        ("--permits", ""),
        ("--hours", "inf"),
        ("--per-hour", "-1"),
        ("--per-hour", "1", "--messages-per-day", "24"),
        ("--chart", "/tmp"),
        ("--chart", "n" * 300),
        ("--nope",),
    ],
)
def test_a_wrong_value_is_one_line(shell: Shell, words: tuple[str, ...]) -> None:
    """Status 2 and what would be right."""
    ran = shell.run("simulate", *words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_a_file_says_what_flags_say(tmp_path: Path) -> None:
    """The same keys give the same traffic, and a flag wins over its key."""
    file = written(
        tmp_path,
        "messages_per_day: 2400\ncampaign: [5000@1:30, 700@23:59/60]\nday_curve: false\n"
        "email_per_hour: 5\nlatency_factor: 2\noutage: 20%@03:00+1.5\npermits: [9, 8]\n"
        "policies: plain\nother_programs: 3\nhours: 6\nseed: 4\n",
    )
    flags = wanted(
        messages_per_day="2400",
        campaign=["5000@1:30", "700@23:59/60"],
        day_curve=False,
        email_per_hour="5",
        latency_factor="2",
        outage=["20%@03:00+1.5"],
        permits="9,8",
        policies="plain",
        other_programs="3",
        hours="6",
        seed="4",
    )
    assert wanted(file) == flags
    assert wanted(file, per_hour="7", permits="4").flags == flags.flags.model_copy(
        update={"messages_per_day": None, "per_hour": 7.0, "permits": (4,)}
    )


def test_flags_become_traffic() -> None:
    """Campaigns and outages come each day at their hour, operators by their share."""
    asked = wanted(
        per_hour="500",
        campaign=["5000@1:30/20"],
        outage=["40%@03:00+1.5"],
        latency_factor="2",
        email_per_hour="7",
    )
    spec = world_of(asked)
    assert (spec.per_hour, spec.day_amplitude, spec.begins) == (500, 0.5, START)
    assert spec.campaigns == (Campaign(at=5400, duration=1200, period=DAY, size=5000),)
    failing, *calm = spec.operators
    assert failing.share == 0.4
    assert failing.outages == (Outage(at=3 * HOUR, duration=1.5 * HOUR, period=DAY),)
    assert sum(operator.share for operator in spec.operators) == pytest.approx(1)
    assert [each.share / calm[0].share for each in calm] == pytest.approx(
        [share / SHARES[1] for share in SHARES[1:]]
    )
    numbers = [operator.population or 0 for operator in spec.operators]
    assert np.diff([n / o.share for n, o in zip(numbers, spec.operators, strict=True)]) == (
        pytest.approx(0, abs=50)
    )
    assert {operator.latency.fast_median for operator in spec.operators} == {14.0}
    (job, *_) = jobs_for(asked)
    assert job.scenario.senders[0].channels == ("sms", "email")


def test_a_file_may_say_anything_of_a_world(tmp_path: Path) -> None:
    """Fields of a world go beside flags; one that doesn't fit is said to."""
    file = written(
        tmp_path,
        "late_share: 0.1\nday_amplitude: 0.9\ncampaigns: [{at: 60, duration: 60, size: 5}]\n"
        "operators: [{name: a, mccmnc: '1', share: 1, losses: {6: 0.5}}]\n",
    )
    spec = world_of(wanted(file, campaign=["9@01:00"]))
    assert (spec.late_share, spec.day_amplitude) == (0.1, 0.9)
    assert [campaign.size for campaign in spec.campaigns] == [5, 9]
    assert [operator.name for operator in spec.operators] == ["a"]
    flags = wanted().flags
    with pytest.raises(WorldError, match="outcome shares of an operator exceed 1"):
        world_of(Wanted(flags, {"invalid_share": 1.0}))
    with pytest.raises(ConfigError, match="begins: is not a known key"):
        wanted(written(tmp_path, "begins: 5"))


def delay(mean: float, p95: float, *, share: float = 1.0, count: int = 9) -> Delay:
    """Delays of which half came within ten seconds."""
    return Delay(count=count, share=share, mean=mean, p50=10.0, p95=p95, p99=math.inf)


def result(policy: str, knowledge: Delay) -> Expected:
    """What 20 permits give."""
    measures = Measures(
        discovery=delay(62.0, 100.0),
        knowledge=knowledge,
        maturing=delay(1.0, 1.0, share=0.99999),
        calls={"head": 18.9},
        calls_per_hour=18.9,
        refused=0,
        foreign=Foreign(),
        digest="",
    )
    return Expected(permits=20, policy=policy, measures=measures, knowledge=np.empty(0))


def test_the_table_is_exact() -> None:
    """Shares are rounded down, what never came is never, what there was none of is a dash."""
    asked = Wanted(Flags.model_validate({"campaign": "20000@12:00", "hours": "8"}), {})
    text = as_text(
        asked,
        [
            result("valuing", delay(61.0, 125.0)),
            result("newest", delay(3700.0, math.inf, share=0.5)),
            result("paging", delay(300.0, math.inf)),
        ],
    )
    silent = as_text(asked, [result("plain", delay(0.0, 0.0, count=0))]).splitlines()
    assert text.splitlines()[:6] == [
        "8,000 messages a day, more by day than by night; 20,000 more from 12:00 within 15m",
        "",
        (
            "permits  polling                   calls/h     seen   learnt  known after  half in"
            "  95 % in  99 % in  seen after   in 5m"
        ),
        (
            "     20  exporter                     18.9  100.0 %  100.0 %        1m 1s      10s"
            "    2m 5s    never       1m 2s  99.9 %"
        ),
        (
            "     20  newest page                  18.9  100.0 %   50.0 %        1h 1m      10s"
            "    never    never       1m 2s  99.9 %"
        ),
        (
            "     20  newest page, paging back     18.9  100.0 %  100.0 %           5m      10s"
            "    never    never       1m 2s  99.9 %"
        ),
    ]
    assert " ".join(silent[3].split()) == "20 even pace 18.9 100.0 % - - - - - 1m 2s 99.9 %"
    assert text.splitlines()[-1] == (
        "With 20 permits an hour the exporter knows a final status 1m 1s after the gateway on"
        " average; newest page, paging back: 5m."
    )
    shown = json.loads(as_json(asked, [result("newest", delay(9.0, math.inf))]))
    assert (shown["hours"], shown["results"][0]["knowledge"]["p95"]) == (8, None)


def children(pid: int) -> list[str]:
    """Processes that a process has started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_deaf(pid: int) -> bool:
    """Whether a process ignores Ctrl-C."""
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) & 1 << signal.SIGINT - 1)


@pytest.mark.skipif(os.cpu_count() == 1, reason="no process beside this one is started")
def test_an_interruption_is_quiet(shell: Shell) -> None:
    """Ctrl-C ends it and the processes it started, without a trace."""
    with started(shell, "simulate", "--hours", "100", "--permits", "30,20") as process:
        deadline = time.monotonic() + PATIENCE
        while len(workers := children(process.pid)) < 3 or is_deaf(process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (out, err.strip()) == ("", "")
    while any(Path("/proc", pid).exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
