"""What is said of a configuration that cannot be used."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from exporter.config import InvalidConfigError, UnreadableConfigError, load


NOBODY = 65534
"""A user without rights, for what root would be allowed."""


ACCOUNT = "accounts:\n- name: main\n  apikey: key\n"
NOT_A_DURATION = "must be a duration such as 90s, 5m or 1h30m, or a number of seconds"
NOT_TO_LISTEN_ON = "must be host:port, [IPv6]:port or :port, with a port from 0 to 65535"
NO_ENTRY = "must have at least one entry; leave it out for the default"
NO_SUCH_FILE = "names a file that cannot be read: no such file or directory"
NO_SUCH_ADDRESS = "must be an address such as https://smsc.ru"

ACCOUNT_PROBLEMS = {
    "budget: {requests: 0}": "budget.requests: must be at least 1",
    "budget: {requests: many}": "budget.requests: must be a whole number",
    "budget: {requests: 1.5}": "budget.requests: must be a whole number",
    "budget: {requests: [1]}": "budget.requests: must be a whole number",
    "budget: {requests: 1}": "budget.reserve: must be less than requests, or no call could ever "
    "be made; lower it",
    "budget: {reserve: 30}": "budget.reserve: must be less than requests, or no call could ever "
    "be made; lower it",
    "budget: {concurrency: 15}": "budget.concurrency: must be at most 14",
    "budget: {identical: 0}": "budget.identical: must be at least 1",
    "budget: {window: 0}": "budget.window: must be from 1s to 24h",
    "budget: 30": "budget: must be a mapping of keys",
    "budget: {reqests: 3}": "budget.reqests: is not a known key; did you mean requests?",
    "requests: 3": "requests: is not a known key; did you mean budget.requests?",
    "colour: red": "colour: is not a known key; remove it",
    "credentials: {}": "credentials: is not a known key; remove it",
    "channels: []": f"channels: {NO_ENTRY}",
    "channels: sms": "channels: must be a list, each entry on its own line after '- '",
    "channels: [sms, sms]": "channels: holds the same entry twice; remove one",
    "channels: [fax]": "channels[0]: must be 'sms' or 'email'",
    "lookback: 184d": "lookback: must be from 0s to 4392h",
    "lookback: soon": f"lookback: {NOT_A_DURATION}",
    "lookback: -5m": f"lookback: {NOT_A_DURATION}",
    "lookback: [5m]": f"lookback: {NOT_A_DURATION}",
    "timeout: 0": "timeout: must be from 1s to 10m",
    "timezone: Europe/Moskow": "timezone: is not a known time zone; did you mean Europe/Moscow?",
    "timezone: Europe": "timezone: is not a known time zone; did you mean Europe/Rome?",
    "timezone: ../../etc/passwd": "timezone: is not a known time zone; use a name such as "
    "Europe/Moscow",
    "currency: roubles": "currency: must be a three-letter currency code such as RUB",
    "expected_countries: [RUS]": "expected_countries[0]: must be a two-letter country code "
    "such as RU",
    "expected_countries: [ru, RU]": "expected_countries: holds the same entry twice; remove one",
    "track_phones: maybe": "track_phones: must be true or false",
    "api_url: smsc.ru": "api_url: must begin with https:// or http://",
    "api_url: https://a:b@smsc.ru": "api_url: must not hold a login or password; use the keys "
    "login and password_file",
    "api_url: https://smsc.ru?psw=b": "api_url: must not have a query or fragment; remove all "
    "from '?' or '#' on",
    "api_url: https://smsc.ru/sys/get.php": "api_url: must be the service's address alone; "
    "/sys/get.php is added to it",
    "api_url: https://": f"api_url: {NO_SUCH_ADDRESS}",
    "api_url: https://:80": f"api_url: {NO_SUCH_ADDRESS}",
    "api_url: https://smsc.ru:99999": f"api_url: {NO_SUCH_ADDRESS}",
    "api_url: https://[::1": f"api_url: {NO_SUCH_ADDRESS}",
    "login: demo": "login: is not used together with apikey; keep one",
    "password: demo": "password: is not used together with apikey; keep one",
    "apikey_file: key": "apikey_file: is given beside apikey; keep one of the two",
}


@pytest.mark.parametrize(("written", "expected"), ACCOUNT_PROBLEMS.items())
def test_account_problem(written: str, expected: str, refused: Any, tmp_path: Path) -> None:
    """Each problem of an account has its line, its path, what is wrong and what to do."""
    (tmp_path / "key").write_text("key")
    assert refused(f"{ACCOUNT}  {written}\n") == [f"smsc.yml:4: accounts[0].{expected}"]


CREDENTIAL_PROBLEMS = {
    "name: a": "2: accounts[0]: has no credentials; give login and password, or apikey alone",
    "login: a": "2: accounts[0].name: is missing; add it",
    "{name: a, login: a}": "2: accounts[0].password: is missing; give password or password_file",
    "{name: a, password: a}": "2: accounts[0].login: is missing; password is of no use without it",
    "{name: a, login: a b, password: a}": "2: accounts[0].login: must be 1 to 100 characters "
    "without spaces; check quotes and colons",
    "{name: a, apikey: ''}": "2: accounts[0].apikey: must be one line of 1 to 4096 bytes; quote "
    "it if need be",
    "{name: a, apikey: {b: c}}": "2: accounts[0].apikey: must be text",
    "{name: a, apikey: [b]}": "2: accounts[0].apikey: must be text",
    "{name: a, apikey: <secret>}": "2: accounts[0].apikey: is the mark <secret> of a printed "
    "configuration; put the secret here",
    "{name: a/b, apikey: k}": "2: accounts[0].name: must be 1 to 64 letters, digits, '_', '-' or "
    "'.', beginning with a letter or digit",
    "just a text": "2: accounts[0]: must be a mapping of keys",
}


@pytest.mark.parametrize(("written", "expected"), CREDENTIAL_PROBLEMS.items())
def test_credentials_problem(written: str, expected: str, refused: Any) -> None:
    """Each problem of who the account is has its line, its path and what to do."""
    lines = refused(f"accounts:\n- {written}\n")
    assert f"smsc.yml:{expected}" in lines
    assert len(lines) == (2 if written == "login: a" else 1)


TOP_PROBLEMS = {
    "listen: ':1'": "listen: is not a known key; did you mean web.listen_addresses?",
    "login: a": "login: is not a known key; did you mean accounts[].login?",
    "web: {listen_addresses: []}": f"web.listen_addresses: {NO_ENTRY}",
    "web: {listen_addresses: [':99999']}": f"web.listen_addresses[0]: {NOT_TO_LISTEN_ON}",
    "web: {telemetry_path: /}": "web.telemetry_path: must be a path such as /metrics, not / alone "
    "and not below /-/",
    "web: {telemetry_path: /-/ready}": "web.telemetry_path: must be a path such as /metrics, not "
    "/ alone and not below /-/",
    "web: {telemetry_path: /status}": "web.telemetry_path: must be another path, such as /metrics: "
    "/status is one of the pages",
    "web: {telemetry_path: /api/v1/status}": "web.telemetry_path: must be another path, such as"
    " /metrics: /api/v1/status is one of the pages",
    "web: []": "web: must be a mapping of keys",
    "ledger: {retention: 48h}": "deadlines: must end more than a day below ledger.retention; raise "
    "that or drop the longest",
    "ledger: {path: {}}": "ledger.path: must be the path of a file",
    "labels: {max_sets: 0}": "labels.max_sets: must be at least 1",
    "log: {level: loud}": "log.level: must be 'debug', 'info', 'warning' or 'error'",
    "log: {format: xml}": "log.format: must be 'logfmt' or 'json'",
    "deadlines: [5m]": "deadlines: must be 2 to 4 durations in rising order, such as [5m, 1h, 24h]",
    "deadlines: [1h, 5m]": "deadlines: must be 2 to 4 durations in rising order, such as "
    "[5m, 1h, 24h]",
    "deadlines: [5m, 1500ms]": "deadlines[1]: must be a whole number of seconds above 0, such "
    "as 5m",
    "deadlines: [0, 5m]": "deadlines[0]: must be a whole number of seconds above 0, such as 5m",
    "grace: 2h": "grace: must be from 0s to 1h",
    "zero_hold: x": f"zero_hold: {NOT_A_DURATION}",
    "created_series: 7": "created_series: must be true or false",
    "log: {level: info, level: debug}": "log.level: is given again, first on line 4; keep one of "
    "the two",
    "log: !!python/name:os.system {}": "log: has a YAML tag; remove the word that begins with "
    "'!', or quote the text",
    "[a, b]: c": "has a key that is not a plain name; lists, mappings and << cannot be keys",
    "? [a]\n: c": "has a key that is not a plain name; lists, mappings and << cannot be keys",
    "'<<': {}": "has a key that is not a plain name; lists, mappings and << cannot be keys",
    "'a key: with: colons': 1": "has a key that is not known and no plain name; check quotes "
    "and colons",
}


@pytest.mark.parametrize(("written", "expected"), TOP_PROBLEMS.items())
def test_problem_outside_accounts(written: str, expected: str, refused: Any) -> None:
    """Each problem outside the accounts has its line, its path and what to do."""
    (line,) = refused(f"{ACCOUNT}{written}\n")
    assert line.removeprefix("smsc.yml").removeprefix(":4").removeprefix(": ") == expected


UNREADABLE = {
    b"accounts: [": "1: is not valid YAML in column 12: expected the node content, but found "
    "'<stream end>'; texts with special characters need quotes",
    b"a: b: c": "1: is not valid YAML in column 5: mapping values are not allowed here; texts "
    "with special characters need quotes",
    b"a: *hunter2": "1: is not valid YAML in column 4: found undefined alias ...; texts with "
    "special characters need quotes",
    b"a: b\n--- \nc: d": "2: is not valid YAML in column 1: but found another document; texts with "
    "special characters need quotes",
    b"a: \x07": " is not valid YAML: it holds a character that is not allowed",
    b'a: "\\UFFFFFFFF"': " is not valid YAML: it holds a character that is not allowed",
    b"a: b\nc: \xff": "2: is not UTF-8 text; save it as UTF-8",
    "a: b".encode("utf-16"): "1: is not UTF-8 text; save it as UTF-8",
    b"- a": "1: must be a mapping, such as 'accounts:' with a list below it",
    b"text": "1: must be a mapping, such as 'accounts:' with a list below it",
    b"[" * 100_000: " is nested too deep or repeats itself too often; write it out",
    b"a: &a [*a]": " is nested too deep or repeats itself too often; write it out",
    b"a: &a [1,1,1,1,1,1,1,1,1]\n"
    + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in b"bcdefgh"): (
        " is nested too deep or repeats itself too often; write it out"
    ),
    b"#" * 300_000: " is larger than 262144 bytes; is it the right file?",
}


@pytest.mark.parametrize(("text", "expected"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_unreadable_text(text: bytes, expected: str, refused: Any, read: Any) -> None:
    """A file that is no YAML mapping is refused with the place, quoting nothing."""
    assert refused(text) == [f"smsc.yml:{expected}"]
    with pytest.raises(UnreadableConfigError):
        read(text)


def test_unreadable_file(tmp_path: Path) -> None:
    """A missing file and a folder are refused with the reason."""
    for path, reason in ((tmp_path / "none", "no such file or directory"), (tmp_path, "is a dir")):
        with pytest.raises(UnreadableConfigError, match=f"{path}: cannot be read: {reason}"):
            load(path, {})


def test_forbidden_file(tmp_path: Path) -> None:
    """A file without permission is refused with the reason."""
    path = tmp_path / "smsc.yml"
    path.touch(0o000)
    before = os.geteuid()
    try:
        if before == 0:
            os.seteuid(NOBODY)
        with pytest.raises(UnreadableConfigError, match="permission denied"):
            load(path, {})
    finally:
        os.seteuid(before)


SECRET_FILES = {
    b"": "does not hold one line",
    b"\n": "does not hold one line",
    b"one\ntwo\n": "does not hold one line",
    b"one\n\n": "does not hold one line",
    b"\xff": "does not hold one line",
    b"a\0b": "does not hold one line",
    b"x" * 4097: "does not hold one line",
    None: "cannot be read: no such file or directory",
}


@pytest.mark.parametrize(("held", "expected"), SECRET_FILES.items(), ids=range(len(SECRET_FILES)))
def test_secret_file_problem(
    held: bytes | None, expected: str, refused: Any, tmp_path: Path
) -> None:
    """A secret file that holds no single line is refused, quoting neither it nor its name."""
    if held is not None:
        (tmp_path / "hunter2").write_bytes(held)
    (line,) = refused("accounts:\n- name: a\n  apikey_file: hunter2\n")
    assert line.startswith("smsc.yml:3: accounts[0].apikey_file: names a file that ")
    assert expected in line
    assert "hunter2" not in line


def test_login_file_problem(refused: Any, tmp_path: Path) -> None:
    """A login from a file must look like one."""
    (tmp_path / "hunter2").write_text("hunter2 hunter2\n")
    (line,) = refused("accounts:\n- {name: a, login_file: hunter2, password: p}\n")
    assert line == (
        "smsc.yml:2: accounts[0].login_file: names a file whose line must be 1 to 100 characters "
        "without spaces; check quotes and colons"
    )


def test_longest_secret_is_taken(read: Any, tmp_path: Path) -> None:
    """A secret of 4 KiB with its line end still fits."""
    (tmp_path / "key").write_bytes(b"x" * 4096 + b"\r\n")
    read("accounts: [{name: a, apikey_file: key}]")


def test_everything_at_once(refused: Any) -> None:
    """Problems of all parts, accounts, files and flags are told together, in the file's order."""
    text = """\
accounts:
- name: main
  login: demo
  password_file: none
  budget: {requests: 0, reserv: 1}
- name: main
  apikey: k
  timezone: Mars
- apikey_file: none
web: {listen_addresses: [x]}
listn: 1
log: {level: info, level: info}
"""
    assert refused(text, log_level="loud", listen_addresses=("y",)) == [
        f"command line: --web.listen-address: {NOT_TO_LISTEN_ON}",
        "command line: --log.level: must be 'debug', 'info', 'warning' or 'error'",
        f"smsc.yml:4: accounts[0].password_file: {NO_SUCH_FILE}",
        "smsc.yml:5: accounts[0].budget.requests: must be at least 1",
        "smsc.yml:5: accounts[0].budget.reserv: is not a known key; did you mean reserve?",
        "smsc.yml:6: accounts[1].name: is already the name of accounts[0]; choose another",
        (
            "smsc.yml:8: accounts[1].timezone: is not a known time zone; use a name such as "
            "Europe/Moscow"
        ),
        "smsc.yml:9: accounts[2].name: is missing; add it",
        f"smsc.yml:9: accounts[2].apikey_file: {NO_SUCH_FILE}",
        f"smsc.yml:10: web.listen_addresses[0]: {NOT_TO_LISTEN_ON}",
        "smsc.yml:11: listn: is not a known key; remove it",
        "smsc.yml:12: log.level: is given again, first on line 12; keep one of the two",
    ]


def test_flags_are_checked_beside_an_unreadable_file(refused: Any) -> None:
    """A wrong flag is told even when the file cannot be read."""
    assert refused("a: [", telemetry_path="x")[0] == (
        "command line: --web.telemetry-path: must be a path such as /metrics, not / alone and not "
        "below /-/"
    )


@pytest.mark.parametrize("accounts", ["main", "{name: main, apikey: key}"])
def test_accounts_that_are_no_list(accounts: str, refused: Any) -> None:
    """A single account written without a list is told how to write it."""
    (line,) = refused(f"log: {{}}\naccounts: {accounts}", {"SMSC_APIKEY": "k"})
    assert line == "smsc.yml:2: accounts: must be a list, each entry after '- '"


@pytest.mark.parametrize("text", ["", "log: {level: info}", "accounts: []", "accounts:"])
def test_no_account_at_all(text: str, refused: Any) -> None:
    """Without any account both ways of giving one are named."""
    (line,) = refused(text)
    assert line.endswith("are missing; list one in the file, or set SMSC_LOGIN and SMSC_PASSWORD")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"SMSC_LOGIN": "a"},
            ("SMSC_PASSWORD: is missing; give SMSC_PASSWORD or SMSC_PASSWORD_FILE"),
        ),
        ({"SMSC_PASSWORD": "a"}, "SMSC_LOGIN: is missing; SMSC_PASSWORD is of no use without it"),
        (
            {"SMSC_API_URL": "http://a"},
            ("has no credentials; give SMSC_LOGIN and SMSC_PASSWORD, or SMSC_APIKEY alone"),
        ),
        (
            {"SMSC_APIKEY": "a", "SMSC_LOGIN": "b"},
            ("SMSC_LOGIN: is not used together with SMSC_APIKEY; keep one"),
        ),
        (
            {"SMSC_APIKEY": "a", "SMSC_APIKEY_FILE": "/none"},
            ("SMSC_APIKEY_FILE: is given beside SMSC_APIKEY; keep one of the two"),
        ),
        (
            {"SMSC_APIKEY_FILE": "/none"},
            ("SMSC_APIKEY_FILE: names a file that cannot be read: no such file or directory"),
        ),
        (
            {"SMSC_API_KEY": "a", "SMSC_LOGIN": "b", "SMSC_PASSWORD": "c"},
            "SMSC_API_KEY: is not used; did you mean SMSC_APIKEY?",
        ),
        (
            {"SMSC_LOGIN_FILE": "/none", "SMSC_PASSWORD": "a"},
            f"SMSC_LOGIN_FILE: {NO_SUCH_FILE}",
        ),
        (
            {"SMSC_APIKEY": "a\udcff"},
            ("SMSC_APIKEY: must be one line of 1 to 4096 bytes; quote it if need be"),
        ),
        (
            {"SMSC_APIKEY": "a", "SMSC_API_URL": "x"},
            ("SMSC_API_URL: must begin with https:// or http://"),
        ),
    ],
)
def test_environment_problem(environ: dict[str, str], expected: str) -> None:
    """Problems of variables are told by the variable's name."""
    with pytest.raises(InvalidConfigError, match=f"^environment: {re.escape(expected)}$"):
        load(None, environ)
