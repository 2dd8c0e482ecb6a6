"""`smsc-exporter doctor`: each thing that can be wrong gets its line."""

import re
from pathlib import Path

import pytest

from exporter.commands.asking import Left
from exporter.commands.diagnosis import clock_difference, limits
from exporter.commands.findings import Level
from exporter.ledger.accounts import Memory
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.render import row_of, rows_text
from exporter.simulation.world import recipient_of
from tests.commands.conftest import LOGIN, PASSWORD, Ran, Served, Shell


def lines(ran: Ran, level: str) -> dict[str, str]:
    """Findings of a level: topic and text."""
    found = re.findall(
        rf"^  {level} +([a-z -]+|configuration): (.*)$", ran.out, re.MULTILINE | re.IGNORECASE
    )
    return dict(found)


def suffer(served: Served, kind: FaultKind) -> None:
    served.gateway.faults.add(Fault(kind=kind))


def test_all_is_well(shell: Shell) -> None:
    """With nothing wrong every topic is ok, for one history call and one for the balance, and the
    exit status is 0."""
    shell.run("doctor")
    ran = shell.run("doctor")
    assert ran.status == 0
    assert list(lines(ran, "ok")) == [
        *("configuration", "ledger", "network", "login", "address", "limits", "balance"),
        *("clock", "decoding", "time zone", "newest message"),
    ]
    assert not lines(ran, "warning")
    assert shell.permits() == ["doctor", "balance"] * 2
    assert lines(ran, "ok")["balance"] == "1871.62 RUB"
    assert lines(ran, "ok")["ledger"].endswith("28 of 29 left this hour")
    assert lines(ran, "ok")["limits"].startswith("27 of 29 left this hour")


FAULTS = [
    (FaultKind.ERROR_2, "login", "list of allowed addresses; the gateway says the same for both"),
    (FaultKind.ERROR_4, "address", "this address is blocked for about half an hour (error 4)"),
    (FaultKind.ERROR_9, "limits", "another program spends this account's history calls"),
    (FaultKind.TOO_MANY_AT_ONCE, "limits", "fifteen or more calls at once"),
    (FaultKind.ERROR_1, "answer", "wrong parameters (code 1)"),
    (FaultKind.HTTP_502, "network", "HTTP: the gateway answered with HTTP status 502"),
    (FaultKind.HTTP_302, "network", "redirects are not followed, check api_url"),
    (FaultKind.RESET, "network", "connection: "),
    (FaultKind.HTML, "decoding", "an HTML page"),
    (FaultKind.EMPTY, "decoding", "the answer is no history page (empty"),
    (FaultKind.CUT, "decoding", "the connection ended before the answer did"),
    (FaultKind.TEXT_ERROR, "answer", "wrong parameters (code 1)"),
]


@pytest.mark.parametrize(("kind", "topic", "words"), FAULTS)
def test_a_fault_is_one_problem(
    shell: Shell, served: Served, kind: FaultKind, topic: str, words: str
) -> None:
    """Whatever is wrong is told once, under its topic, and what it hides is said to be open."""
    suffer(served, kind)
    ran = shell.run("doctor")
    assert ran.status == 1
    problems = lines(ran, "problem")
    assert list(problems) == [topic]
    assert words in problems[topic]
    assert topic not in lines(ran, "skipped")["not checked"].split(", ")
    assert shell.permits() == ["doctor"]
    assert ran.err == ""


WARNINGS = [
    (FaultKind.UNKNOWN_STATUS, "unknown status"),
    (FaultKind.UNKNOWN_ERR, "unknown error"),
    (FaultKind.UNKNOWN_TYPE, "unknown type"),
    (FaultKind.MISSING_FIELDS, "of which these are left out: "),
    (FaultKind.OTHER_FORMAT, "in format 1 though format 3 was asked for"),
    (FaultKind.WINDOWS_1251, "not in UTF-8 though asked for"),
]


@pytest.mark.parametrize(("kind", "words"), WARNINGS)
def test_odd_answers_are_warnings(
    shell: Shell, served: Served, kind: FaultKind, words: str
) -> None:
    """What the exporter copes with is told and is no problem."""
    suffer(served, kind)
    ran = shell.run("doctor")
    assert ran.status == 0
    assert words in lines(ran, "warning")["decoding"]


def test_a_balance_that_is_refused_is_a_warning(shell: Shell, served: Served) -> None:
    """Credentials that may read the history alone are told how to stop asking for more."""
    served.gateway.faults.add(Fault(kind=FaultKind.ERROR_2, endpoint="balance"))
    ran = shell.run("doctor")
    assert ran.status == 0
    assert lines(ran, "warning")["balance"].endswith("set balance.enabled to false")
    assert "login refused (code 2)" in lines(ran, "warning")["balance"]
    silent = shell.run("doctor", shell.configured({"balance": {"enabled": False}}))
    assert " balance: " not in silent.out


def test_a_balance_in_another_currency_is_a_warning(shell: Shell) -> None:
    """Costs under a wrong label are pointed out, with the right one."""
    ran = shell.run("doctor", shell.configured({"currency": "KZT"}))
    assert lines(ran, "warning")["balance"] == (
        "1871.62 RUB, but costs are shown in KZT: set the account's currency to RUB"
    )


def test_a_refused_login_is_not_tried_again(shell: Shell, served: Served) -> None:
    """A second run makes no call and says until when, so that the address stays welcome."""
    first = shell.run("doctor", SMSC_PASSWORD="CANARY-WRONG")
    again = shell.run("doctor", SMSC_PASSWORD="CANARY-WRONG")
    assert (first.status, again.status) == (1, 1)
    assert served.gateway.refusals == {"login": 1}
    text = lines(again, "problem")["login"]
    assert text.startswith("no call was made: the login was refused")
    assert re.search(r"next try from \d\d:\d\d:\d\d MSK \(in (9m \d+s|10m)\)", text)
    assert "CANARY" not in first.out + again.out + first.err + again.err


def test_a_corrected_password_is_tried_at_once(shell: Shell) -> None:
    """The pause after a refusal is about the refused credentials only."""
    shell.run("doctor", SMSC_PASSWORD="wrong")
    assert shell.run("doctor").status == 0


def test_an_unreachable_gateway_is_tried_again_at_once(shell: Shell, served: Served) -> None:
    """A pause that spares our own budget does not hide that the fault is cured."""
    suffer(served, FaultKind.HTTP_500)
    assert shell.run("doctor").status == 1
    served.gateway.faults.clear()
    assert shell.run("doctor").status == 0


def test_no_answer_at_the_address(shell: Shell) -> None:
    """A refused connection and an unknown name are told apart."""
    refused = lines(shell.run("doctor", SMSC_API_URL="http://127.0.0.1:9"), "problem")
    assert refused["network"].startswith("connection: the connection to 127.0.0.1 failed")
    assert refused["network"].endswith("connection refused")
    nowhere = lines(shell.run("doctor", SMSC_API_URL="http://gateway.invalid"), "problem")
    assert nowhere["network"].startswith("DNS: the name gateway.invalid has no address")


def test_a_call_over_the_limit_makes_the_next_wait(shell: Shell, served: Served) -> None:
    """After error 9 no call is made for a while, and that is told under limits."""
    suffer(served, FaultKind.ERROR_9)
    shell.run("doctor")
    served.gateway.faults.clear()
    ran = shell.run("doctor")
    assert ran.status == 1
    assert "the gateway said that too many calls are made" in lines(ran, "problem")["limits"]
    assert shell.permits() == ["doctor"]


def test_another_spender_stays_in_sight(shell: Shell) -> None:
    """While the exporter keeps to fewer calls because of error 9, that is a warning."""
    account = shell.config().accounts[0]
    learned = Memory(learned_limit=20, learned_at=1000.0, state="ok")
    finding = limits(account, learned, Left(15, 19, 3600.0), 1600.0)
    assert finding.level is Level.WARNING
    assert "10m ago" in finding.text
    assert "keeps to 20" in finding.text
    assert limits(account, Memory(), Left(15, 29, 3600.0), 1600.0).level is Level.OK


def test_a_ledger_that_is_no_ledger(shell: Shell, served: Served) -> None:
    """Without a ledger nothing is called, and the other topics are open."""
    shell.ledger.write_bytes(b"not a ledger" * 1000)
    ran = shell.run("doctor")
    assert ran.status == 1
    assert "is not a ledger" in lines(ran, "problem")["ledger"]
    assert "login" in lines(ran, "skipped")["not checked"]
    assert not served.gateway.calls


def test_doubts_about_the_configuration_are_findings(shell: Shell) -> None:
    """What the configuration's check warns of is in the report."""
    config = shell.configured({})
    Path(config.partition("=")[2]).chmod(0o644)
    ran = shell.run("doctor", config)
    assert ran.status == 0
    assert "can be read by every user" in lines(ran, "warning")["configuration"]
    assert ran.err == ""


def test_each_account_is_examined(shell: Shell, served: Served) -> None:
    """One account's trouble doesn't hide another's health; --account picks one."""
    config = shell.configured({"name": "good"}, {"name": "bad", "password": "wrong"})
    both = shell.run("doctor", config)
    assert both.status == 1
    good, bad = both.out.split("account bad")
    assert "problem" not in good
    assert "  problem  login: refused" in bad
    assert shell.run("doctor", config, "--account", "good").status == 0
    assert shell.run("doctor", config, "--account", "nobody").status == 2


def test_an_account_of_emails_only(shell: Shell, served: Served) -> None:
    """The history that the account polls is the one that is examined."""
    assert shell.run("doctor", shell.configured({"channels": ["email"]})).status == 0
    assert served.gateway.calls[0].parameters["format"] == "8"


def test_nothing_secret_or_personal_is_told(shell: Shell, served: Served) -> None:
    """No password, number or text is in a report, whatever comes back."""
    for kind in (None, FaultKind.OTHER_FORMAT, FaultKind.CONTROL_CHARACTERS, FaultKind.ERROR_2):
        if kind is not None:
            suffer(served, kind)
        ran = shell.run("doctor")
        served.gateway.faults.clear()
        texts = {served.text(record) for record in served.history(cnt=500)} - {",,,"}
        numbers = {recipient_of(record) for record in served.history(cnt=500)}
        assert not [canary for canary in texts | numbers if canary in ran.out]
        assert PASSWORD not in ran.out + ran.err


def saved(served: Served, fmt: int) -> bytes:
    world, now = served.gateway.accounts[LOGIN].world, served.gateway.clock.now()
    return rows_text([row_of(world, r, now) for r in served.history(cnt=20)], fmt).encode()


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_a_saved_answer_is_examined_without_a_call(shell: Shell, served: Served, fmt: int) -> None:
    """Any of the four formats, from a file or standard input, and no permit."""
    path = shell.folder / "answer"
    path.write_bytes(saved(served, fmt))
    ran = shell.run("doctor", "--answer", str(path))
    assert ran.status == 0
    assert lines(ran, "ok")["decoding"] == f"20 rows in format {fmt}, all read"
    piped = shell.run("doctor", "--answer", "-", given=path.read_bytes())
    assert lines(piped, "ok").keys() == lines(ran, "ok").keys()
    assert not served.gateway.calls
    assert not shell.ledger.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"ERROR = 2 (authorise error)", "login refused (code 2)"),
        (b"<html>502</html>", "an HTML page"),
        (b'[{"status":1,"int_id":"7","send_timestamp":16', "cut off or incomplete"),
        (b"", "empty"),
        (b'[{"status": 1, "send_timestamp": 1679060876}]', "none of 1 row can be used"),
    ],
)
def test_a_saved_answer_that_is_no_page(shell: Shell, body: bytes, words: str) -> None:
    """What is wrong with an answer is told without repeating it."""
    ran = shell.run("doctor", "--answer", "-", given=body)
    assert ran.status == 1
    assert words in ran.out


def test_an_empty_answer_is_fine(shell: Shell) -> None:
    """Code 3 means that there is nothing, which is no problem."""
    ran = shell.run("doctor", "--answer", "-", given=b"ERROR = 3 (not found)")
    assert ran.status == 0
    assert "nothing was found" in ran.out


def test_another_time_zone_is_noticed(shell: Shell, served: Served) -> None:
    """Dates that disagree with the configured time zone are told with where they are."""
    path = shell.folder / "answer"
    path.write_bytes(saved(served, 3))
    config = shell.configured({"timezone": "Asia/Almaty"})
    ran = shell.run("doctor", config, "--answer", str(path))
    assert ran.status == 0
    assert "are not in Asia/Almaty: they are at UTC+03:00" in lines(ran, "warning")["time zone"]


def test_a_file_that_is_not_there(shell: Shell, tmp_path: Path) -> None:
    """A wrong --answer is a usage error of one line."""
    ran = shell.run("doctor", "--answer", str(tmp_path / "none"))
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "No such file" in ran.err


@pytest.mark.parametrize(
    ("server", "level", "words"),
    [
        (1000.0, Level.OK, "agrees"),
        (999.0, Level.OK, "agrees"),
        (1006.9, Level.OK, "agrees"),
        (1010.0, Level.WARNING, "8 s behind the gateway's (00:16:50 UTC)"),
        (990.0, Level.WARNING, "10 s ahead of the gateway's"),
        (None, Level.WARNING, "not checked"),
    ],
)
def test_the_clocks_are_compared(server: float | None, level: Level, words: str) -> None:
    """A difference counts beyond what the call's own length and whole seconds can explain."""
    finding = clock_difference(server, 1000.5, 1002.0)
    assert finding.level is level
    assert words in finding.text
