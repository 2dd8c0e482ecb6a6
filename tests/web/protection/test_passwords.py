"""Passwords are checked in the same time whatever is wrong with them, and few at a time."""

import asyncio
import time
from collections.abc import Callable
from statistics import median
from threading import Event
from typing import Any

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.web.protection import passwords
from exporter.web.protection.passwords import (
    MOST_OF_ONE,
    MOST_WAITING,
    BusyError,
    Passwords,
    matches,
)
from exporter.web.protection.reading import cost
from tests.web.protection.conftest import PASSWORD, hashed


KEY = b"k" * 32
HERE = "127.0.0.1"
USERS = {"anna": hashed(PASSWORD), "boris": hashed("another-one", 5)}
RIGHT = PASSWORD.encode()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rounds of each hash that is computed from now on."""
    done: list[int] = []
    hash_, check = bcrypt.hashpw, bcrypt.checkpw

    def hashpw(password: bytes, salt: bytes) -> bytes:
        done.append(2 ** int(salt[4:6]))
        return hash_(password, salt)

    def checkpw(password: bytes, against: bytes) -> bool:
        done.append(2 ** int(against[4:6]))
        return check(password, against)

    monkeypatch.setattr(bcrypt, "hashpw", hashpw)
    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return done


@pytest.mark.parametrize(
    ("name", "password", "good"),
    [
        ("anna", PASSWORD, True),
        ("boris", "another-one", True),
        ("boris", PASSWORD, False),
        ("anna", "", False),
        ("anna", PASSWORD + "\0", False),
        ("Anna", PASSWORD, False),
        ("", "", False),
        ("nobody", PASSWORD, False),
        ("мария", "пароль", False),
    ],
)
async def test_who_is_right(name: str, password: str, good: bool) -> None:  # noqa: FBT001  a table
    """The name must be a user's and the password that of the name, letter by letter."""
    assert await Passwords(KEY).right(USERS, name, password.encode(), HERE) is good


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
async def test_kinds_of_bcrypt(kind: str) -> None:
    """htpasswd, Python and Go write different beginnings of the same thing."""
    users = {"anna": USERS["anna"].replace("$2b$", f"${kind}$")}
    assert await Passwords(KEY).right(users, "anna", RIGHT, HERE)
    assert not await Passwords(KEY).right(users, "anna", RIGHT + b"x", HERE)


async def test_long_passwords() -> None:
    """bcrypt heeds 72 bytes, wherever a letter ends, and longer ones are no error."""
    long = ("пароль" * 20).encode()
    users = {"anna": bcrypt.hashpw(long[:72], bcrypt.gensalt(4)).decode()}
    assert await Passwords(KEY).right(users, "anna", long, HERE)
    assert not await Passwords(KEY).right(users, "anna", long[1:], HERE)


@settings(max_examples=30)
@given(
    costs=st.lists(st.integers(4, 7), min_size=1, max_size=4),
    password=st.binary(max_size=90),
    who=st.integers(0, 4),
)
def test_the_work_is_the_same_for_everybody(costs: list[int], password: bytes, who: int) -> None:
    """Users, whatever their hash costs, and names that don't exist take equally many rounds."""
    hashes = [bcrypt.hashpw(b"-", bcrypt.gensalt(each)).decode() for each in costs]
    done: list[int] = []
    with pytest.MonkeyPatch.context() as patch:

        def note(_password: bytes, salt: bytes) -> bool:
            done.append(2 ** int(salt[4:6]))
            return False

        patch.setattr(bcrypt, "hashpw", note)
        patch.setattr(bcrypt, "checkpw", note)
        assert not matches(hashes[who] if who < len(hashes) else None, password, max(costs))
    assert sum(done) == 2 ** max(costs)


def test_the_time_is_the_same_for_everybody() -> None:
    """Right, wrong and unknown, dear and cheap: measured side by side, none stands out."""
    cheap, dear = hashed(PASSWORD, 6), hashed(PASSWORD, 9)
    cases: dict[str, Callable[[], bool]] = {
        "right": lambda: matches(cheap, RIGHT, cost(dear)),
        "right, dear": lambda: matches(dear, RIGHT, cost(dear)),
        "wrong": lambda: matches(cheap, b"-", cost(dear)),
        "unknown": lambda: matches(None, RIGHT, cost(dear)),
    }
    taken: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(7):
        for case, check in cases.items():
            begin = time.thread_time()
            check()
            taken[case].append(time.thread_time() - begin)
    times = {case: median(each) for case, each in taken.items()}
    assert max(times.values()) < 1.5 * min(times.values()), times


async def test_a_login_that_was_right_is_remembered(rounds: list[int]) -> None:
    """The second scrape is cheap; another password, name or hash is checked in full."""
    checked = Passwords(KEY)
    changed = USERS | {"anna": hashed("changed")}
    assert await checked.right(USERS, "anna", RIGHT, HERE)
    rounds.clear()
    assert await checked.right(USERS, "anna", RIGHT, HERE)
    assert rounds == []
    for name, password in (("anna", b"wrong"), ("boris", RIGHT), ("nobody", RIGHT)):
        assert not await checked.right(USERS, name, password, HERE)
        assert sum(rounds) == 2**5
        rounds.clear()
    assert not await checked.right(changed, "anna", RIGHT, HERE)
    assert sum(rounds) == 2**5


async def test_wrong_logins_are_not_remembered(rounds: list[int]) -> None:
    """Guessing neither fills the memory nor gets quicker."""
    checked = Passwords(KEY)
    for _ in range(3):
        assert not await checked.right(USERS, "anna", b"wrong", HERE)
    assert sum(rounds) == 3 * 2**5
    assert checked._good == {}


async def test_no_password_stays_in_memory() -> None:
    """What is remembered is a digest under a key of this process."""
    first, second = Passwords(KEY), Passwords(b"j" * 32)
    for checked in (first, second):
        assert await checked.right(USERS, "anna", RIGHT, HERE)
    assert RIGHT not in repr(vars(first)).encode()
    assert first._good != second._good


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Holds every check until it is set."""
    go = Event()

    def hold(*_: Any) -> bool:
        go.wait(20)
        return False

    monkeypatch.setattr(passwords, "matches", hold)
    return go


async def test_few_may_wait(held: Event) -> None:
    """A flood of logins is turned away at once, one address before the others."""
    checked = Passwords(KEY)

    async def login(address: str) -> bool:
        return await checked.right(USERS, "anna", b"wrong", address)

    waiting = [asyncio.create_task(login(HERE)) for _ in range(MOST_OF_ONE)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await login(HERE)
    others = range(MOST_WAITING - MOST_OF_ONE)
    waiting += [asyncio.create_task(login(f"10.0.0.{number}")) for number in others]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await login("10.1.1.1")
    held.set()
    assert not any(await asyncio.gather(*waiting))
    assert not await login(HERE)


async def test_the_known_go_past_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapes that have logged in before go on while others wait to be checked."""
    checked = Passwords(KEY)
    assert await checked.right(USERS, "anna", RIGHT, HERE)
    go = Event()
    monkeypatch.setattr(passwords, "matches", lambda *_: go.wait(20))
    waiting = [
        asyncio.create_task(checked.right(USERS, "anna", b"wrong", f"10.0.0.{number}"))
        for number in range(MOST_WAITING)
    ]
    await asyncio.sleep(0)
    assert await checked.right(USERS, "anna", RIGHT, HERE)
    go.set()
    await asyncio.gather(*waiting)


async def test_one_is_checked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait, one processor at most is busy with them."""
    running, most = 0, 0

    def check(*_: Any) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.01)
        running -= 1
        return False

    monkeypatch.setattr(passwords, "matches", check)
    checked = Passwords(KEY)
    await asyncio.gather(
        *(checked.right(USERS, "anna", b"-", f"10.0.0.{number}") for number in range(8))
    )
    assert most == 1
