"""Whatever befalls the replicas of a shared ledger, each account's totals end at the truth.

Three exporters poll sixty accounts in one PostgreSQL. An hour of traffic passes a hundred times as
fast, while they are killed, stopped past their lease and let go on, and cut off from the database,
each by a way of its own.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import psycopg
import pytest
import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.drill import Curtain
from tests.crash.oracle import Amounts, Oracle, Series, shown
from tests.crash.test_exactly_once import BUSY, DEADLINES, LIFETIME, NOTHING, SETTINGS
from tests.crash.victim import COUNTED, Prefork, Victim, samples
from tests.postgresql import Server
from tests.shared.proxy import Way


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(500)]

ACCOUNTS = tuple(f"account-{number:02}" for number in range(60))
REPLICAS = ("one", "two", "three")
LEASE = 4.0
TRAFFIC = 60.0
"""Seconds in which messages are sent."""
LONGEST = 1.8 * LEASE
"""Longest that a replica is stopped or cut off."""
AWAKE = 1.0
"""Seconds within which a page that is not stopped answers."""
WORLD = msgspec.structs.replace(BUSY, per_hour=1800)
LIMITS = Limits(requests=1080, identical=1000, identical_window=10)
SEED = 5


class Replica:
    """One exporter, and its way to the database."""

    def __init__(self, name: str, victim: Victim, way: Way) -> None:
        self.name = name
        self.victim = victim
        self.way = way
        self.again: tuple[float, Callable[[], None]] | None = None
        """When what was done to it ends (Unix seconds), and how."""

    def suffer(self, kind: str, seconds: float) -> None:
        """Begin something bad, to be ended after so long."""
        begin, end = {
            "kill": (self.victim.kill, self.victim.start),
            "stop": (self.victim.pause, self.victim.resume),
            "cut": (self.way.cut, self.way.mend),
            "hold up": (self.way.hold_up, self.way.mend),
        }[kind]
        begin()
        self.again = time.time() + seconds, end

    def recover(self, now: float = math.inf) -> None:
        """End it, if it is time."""
        if self.again is not None and self.again[0] <= now:
            end, self.again = self.again[1], None
            end()


class Pages:
    """Scrapes the replicas one after the other, as one Prometheus that knows accounts only."""

    def __init__(self, replicas: list[Replica]) -> None:
        self._replicas = replicas
        self._highest: dict[tuple[str, str], float] = {}
        self._shown_by: dict[str, str] = {}
        self.falls: list[str] = []
        self.taken = 0
        self.last: dict[str, str] = {}
        """The newest page of each replica; none of one that did not answer."""
        self.moves = 0
        self._owners: dict[str, str] = {}

    def take(self) -> None:
        """One round."""
        for replica in self._replicas:
            page = _page(replica.victim.port)
            self.last.pop(replica.name, None)
            if page is not None:
                self.taken += 1
                self.last[replica.name] = page
                self._compare(replica.name, samples(page))

    def found(self) -> dict[str, float]:
        """Every account's samples, from whoever shows them."""
        return {k: v for p in self.last.values() for k, v in samples(p).items() if "account=" in k}

    def _compare(self, replica: str, found: Mapping[str, float]) -> None:
        for series, value in found.items():
            if series.startswith('smsc_up{account="'):
                self.moves += self._owners.get(series, replica) != replica
                self._owners[series] = replica
            if not series.partition("{")[0].endswith(COUNTED):
                continue
            key = ("" if 'account="' in series else replica, series)
            before = self._highest.get(key, 0.0)
            if value < before:
                after = self._shown_by.get(series)
                self.falls.append(f"{replica} after {after}: {series}: {before:g} -> {value:g}")
            self._shown_by[series] = replica
            self._highest[key] = max(value, before)


@dataclass(frozen=True)
class Ended:
    """How the drill ended."""

    suffered: Mapping[str, int]
    pages: Pages
    doubled: list[Series]
    """Series that more than one showed in the end."""
    expected: Amounts
    found: Amounts
    refusals: Mapping[str, int]
    calls: int
    booked: int


@pytest.fixture(scope="module")
def ended(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """It, lived through once."""
    database, prefork = server.create(), Prefork()
    try:
        with psycopg.connect(server.address(database).url, autocommit=True) as ledger:
            yield drilled(server, database, ledger, prefork, tmp_path_factory.mktemp("drill"))
    finally:
        prefork.close()
        server.drop(database)


def drilled(
    server: Server, database: str, ledger: psycopg.Connection[Any], prefork: Prefork, folder: Path
) -> Ended:
    """Start, let suffer while messages are sent, let recover, wait for the end."""
    curtain = Curtain(math.inf)
    gateway = Gateway(
        [_account(name, NOTHING) for name in ACCOUNTS],
        limits=LIMITS,
        clock=curtain,
        latency=0.02,
        seed=SEED,
    )
    with ExitStack() as stack:
        url = stack.enter_context(serving(gateway))
        replicas = []
        for name in REPLICAS:
            way = stack.enter_context(Way(server.port))
            victim = _victim(folder / name, prefork, url, way.port, database)
            stack.callback(victim.kill)
            replicas.append(Replica(name, victim, way))
        pages = Pages(replicas)
        for replica in replicas:
            replica.victim.start()
        _await(pages, lambda found: _count(found, "smsc_up{", 1) == len(ACCOUNTS), 120)
        world = _show(gateway, curtain)
        suffered = _torment(replicas, pages, curtain.until - LIFETIME)
        _await(pages, Settled(curtain.until), 180)
        _await_release(pages, ledger)
        found: Amounts = {}
        doubled: list[Series] = []
        for name in ACCOUNTS:
            for page in pages.last.values():
                part = shown(page, name)
                doubled += found.keys() & part.keys()
                found |= part
        return Ended(
            suffered,
            pages,
            doubled,
            _truth(gateway, world, ledger, curtain.until),
            found,
            dict(gateway.refusals),
            len(gateway.calls),
            ledger.execute("SELECT max(id) FROM permit").fetchall()[0][0],
        )


def _account(name: str, world: Any) -> Account:
    return Account(world=World(world, ACCOUNTS.index(name) + SEED), login=name, password="secret")


def _victim(folder: Path, prefork: Prefork, url: str, port: int, database: str) -> Victim:
    folder.mkdir()
    victim = Victim(folder, prefork)
    told = {
        "accounts": [
            {
                "name": name,
                "api_url": url,
                "login": name,
                "password": "secret",
                "channels": ["sms"],
                "timeout": 3,
                "balance": {"enabled": False},
                "budget": {
                    "requests": LIMITS.requests,
                    "identical": LIMITS.identical,
                    "identical_window": LIMITS.identical_window,
                    "concurrency": 2,
                    "reserve": 0,
                },
            }
            for name in ACCOUNTS
        ],
        "ledger": {
            "url": f"postgresql://postgres@127.0.0.1:{port}/{database}",
            "replica": folder.name,
            "lease": LEASE,
        },
        "web": {"listen_addresses": [f"127.0.0.1:{victim.port}"]},
        **SETTINGS,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(told))
    return victim


def _show(gateway: Gateway, curtain: Curtain) -> Any:
    """Let the traffic begin; gives the world that all accounts are in, each in its own way."""
    begins = math.ceil(time.time())
    world = msgspec.structs.replace(WORLD, begins=begins, ends=begins + TRAFFIC)
    curtain.until = begins + TRAFFIC + LIFETIME
    for name in ACCOUNTS:
        gateway.accounts[name] = _account(name, world)
    return world


def _torment(replicas: list[Replica], pages: Pages, until: float) -> dict[str, int]:
    """Something bad every second or two, to one that is well; gives how often which."""
    random = Random(SEED)
    suffered = dict.fromkeys(("kill", "stop", "cut", "hold up"), 0)
    while (now := time.time()) < until:
        for replica in replicas:
            replica.recover(now)
        well = [replica for replica in replicas if replica.again is None]
        if well and random.random() < 0.4:
            kind = random.choice(sorted(suffered))
            random.choice(well).suffer(kind, random.uniform(0.1, LONGEST))
            suffered[kind] += 1
        pages.take()
        time.sleep(0.2)
    for replica in replicas:
        replica.recover()
    return suffered


def _page(port: int) -> str | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=AWAKE)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _await(pages: Pages, good: Callable[[dict[str, float]], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pages.take()
        if good(pages.found()):
            return
        time.sleep(0.3)
    raise AssertionError(f"not reached in {seconds} s: {good}")


def _count(found: Mapping[str, float], begins: str, value: float) -> int:
    return sum(1 for series, each in found.items() if series.startswith(begins) and each == value)


class Settled:
    """Whether nothing is left to learn of any account, and a page was read since."""

    def __init__(self, curtain: float) -> None:
        self._since = curtain
        self._left: list[str] = []

    def __repr__(self) -> str:
        return ", ".join(self._left)

    def __call__(self, found: dict[str, float]) -> bool:
        self._left = [
            f"{series} is {found.get(series)}"
            for account in ACCOUNTS
            for series, good in self._wanted(account)
            if not good(found.get(series, math.nan))
        ]
        return not self._left

    def _wanted(self, account: str) -> Iterator[tuple[str, Callable[[float], bool]]]:
        labels = f'account="{account}",channel="sms"'
        yield f"smsc_tracked_messages{{{labels}}}", (0.0).__eq__
        yield f"smsc_history_gaps{{{labels}}}", (0.0).__eq__
        read = f'smsc_poll_last_success_timestamp_seconds{{{labels},endpoint="history"}}'
        yield read, self._since.__lt__


def _await_release(pages: Pages, ledger: psycopg.Connection[Any]) -> None:
    """Scrape until no series of an account is held at 0, and the pages show it."""
    held = """SELECT (SELECT count(*) FROM total WHERE NOT shown AND account_id > 0)
        + (SELECT count(*) FROM distribution WHERE NOT shown AND account_id > 0)"""
    for _ in range(60):
        pages.take()
        if ledger.execute(held).fetchall()[0][0] == 0:
            time.sleep(2)
            pages.take()
            assert len(pages.last) == len(REPLICAS)
            return
        time.sleep(0.5)
    raise AssertionError("series are still held at 0")


def _truth(
    gateway: Gateway, world: Any, ledger: psycopg.Connection[Any], curtain: float
) -> Amounts:
    baselines = (
        "SELECT a.name, s.channel, s.baseline FROM stream s JOIN account a ON a.id = s.account_id"
    )
    known: dict[str, dict[str, float]] = {}
    for name, channel, baseline in ledger.execute(baselines):
        known.setdefault(name, {})[channel] = baseline
    expected: Amounts = {}
    for name in ACCOUNTS:
        oracle = Oracle(account=name, baselines=known[name], deadlines=DEADLINES, until=curtain)
        sent = gateway.accounts[name].world.truth(world.begins, world.ends)
        expected |= oracle.totals(one for one in sent if one.stream == "sms")
    return expected


def test_much_was_suffered(ended: Ended) -> None:
    """Each kind of fault came more than once, and accounts did move."""
    assert min(ended.suffered.values()) >= 2
    assert ended.pages.moves > len(ACCOUNTS) / 3
    assert ended.pages.taken > 50


def test_totals_are_the_truth(ended: Ended) -> None:
    """Of every account, whoever counted: nothing twice, nothing lost."""
    assert {dict(labels)["account"] for _, labels in ended.expected} == set(ACCOUNTS)
    differing = {
        series: (ended.found.get(series), ended.expected.get(series))
        for series in ended.found.keys() | ended.expected.keys()
        if ended.found.get(series) != ended.expected.get(series)
    }
    assert differing == {}
    assert ended.doubled == []


def test_no_counter_falls(ended: Ended) -> None:
    """In no scrape, whichever replica it is of."""
    assert ended.pages.falls == []


def test_no_gateway_says_too_often(ended: Ended) -> None:
    """Two that believe themselves in charge share one budget; no call leaves without a permit."""
    assert ended.refusals == {}
    assert ended.calls <= ended.booked
