"""`smsc-exporter messages` against a served gateway: what is asked, shown, masked and spent."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.world import recipient_of
from tests.commands.conftest import PASSWORD, Ran, Served, Shell


MOSCOW = ZoneInfo("Europe/Moscow")


def rows(result: Ran) -> list[dict[str, Any]]:
    assert result.status == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def ids(result: Ran) -> list[str]:
    return [row["int_id"] for row in rows(result)]


def test_the_last_ten(shell: Shell, served: Served) -> None:
    """The vendor's first question: the newest ten messages, for one permit."""
    result = shell.run("messages", "--output", "json")
    assert ids(result) == [str(record.int_id) for record in served.history(cnt=10)]
    assert shell.permits() == ["lookup"]
    assert "1 history call spent, 28 of 29 left this hour" in result.err


@pytest.mark.parametrize("written", ["{}", "+{}"])
def test_the_last_one_to_a_number(shell: Shell, served: Served, written: str) -> None:
    """The vendor's second question: the newest message to one number, however it is written."""
    record = served.history(cnt=50)[-1]
    number = recipient_of(record)
    newest = served.history(cnt=1, recipients=frozenset({record.phone}))[0]
    result = shell.run(
        "messages", "--last", "1", "--phone", written.format(number), "--output=json"
    )
    assert ids(result) == [str(newest.int_id)]


def test_yesterdays_emails_to_addresses(shell: Shell, served: Served) -> None:
    """A question like the vendor's: e-mails of one day to several addresses, all of them."""
    now = datetime.fromtimestamp(served.gateway.clock.now(), MOSCOW)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = {"since": (today - timedelta(days=1)).timestamp(), "until": today.timestamp()}
    some = served.history(stream="email", cnt=1000, **day)[::40]
    addresses = [recipient_of(record) for record in some]
    wanted = served.history(
        stream="email", cnt=1000, recipients=frozenset(record.phone for record in some), **day
    )
    result = shell.run(
        *("messages", "--from", "yesterday", "--to", "yesterday", "--output", "json"),
        *("--email", ",".join(addresses[1:]), "--email", addresses[0]),
    )
    assert ids(result) == [str(record.int_id) for record in wanted]
    assert len(wanted) > 10
    assert {row["channel"] for row in rows(result)} == {"email"}


def test_more_than_a_page_takes_a_permit_each(shell: Shell, served: Served) -> None:
    """2,345 messages come without holes or repeats, for three permits, as many as wanted."""
    result = shell.run("messages", "--last", "2345", "--output", "json")
    assert ids(result) == [str(record.int_id) for record in served.history(cnt=2345)]
    assert shell.permits() == ["lookup"] * 3
    assert [call.parameters["cnt"] for call in served.gateway.calls] == ["1000", "1000", "345"]


def test_messages_before_one(shell: Shell, served: Served) -> None:
    """--before goes on where an earlier question ended."""
    anchor, *below = (str(record.int_id) for record in served.history(cnt=4))
    assert ids(shell.run("messages", "--before", anchor, "--last=3", "--output=json")) == below


@pytest.mark.parametrize("fmt", [0, 1, 2])
def test_every_answer_format_shows_the_same(shell: Shell, fmt: int) -> None:
    """--answer-format asks in another format and shows what the format carries."""
    same = ("status", "int_id", "send_time", "cost", "err_name", "text", "phone", "segments")
    options = ("messages", "--last", "200", "--output", "json", "--show-personal")
    plain = rows(shell.run(*options))
    other = rows(shell.run(*options, "--answer-format", str(fmt)))
    for one, two in zip(plain, other, strict=True):
        kept = [name for name in same if name != "text" or "\n" not in str(one["text"])]
        assert [one[name] for name in kept] == [two[name] for name in kept]


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_numbers_and_texts_are_masked(shell: Shell, served: Served, output: str) -> None:
    """No number, text or password is in any output unless it is asked for."""
    result = shell.run("messages", "--last", "100", "--output", output)
    shown = result.out + result.err
    for record in served.history(cnt=100):
        assert recipient_of(record) not in shown
        assert str(record.phone)[1:-2] not in shown
    texts = {served.text(record) for record in served.history(cnt=100)} - {",,,"}
    assert not [text for text in texts if text in shown]
    assert PASSWORD not in shown


def test_addresses_are_masked(shell: Shell, served: Served) -> None:
    """An e-mail's recipient is hidden whole."""
    shown = shell.run("messages", "--emails", "--last", "50", "--output", "csv").out
    assert "***" in shown
    assert not any(
        recipient_of(record).split("@")[0] in shown
        for record in served.history(stream="email", cnt=50)
    )


def test_show_personal_shows_everything(shell: Shell, served: Served) -> None:
    """--show-personal gives numbers and texts as they are."""
    found = rows(shell.run("messages", "--show-personal", "--output", "json"))
    expected = [(recipient_of(r), served.text(r)) for r in served.history(cnt=10)]
    assert [(row["phone"], row["text"]) for row in found] == expected


def test_csv_is_data_only(shell: Shell, served: Served) -> None:
    """Standard output holds the CSV and nothing else, whatever texts contain."""
    result = shell.run("messages", "--output", "csv", "--show-personal", "--last", "200")
    found = list(csv.DictReader(io.StringIO(result.out, newline="")))
    assert [row["text"] for row in found] == [served.text(r) for r in served.history(cnt=200)]


def test_nothing_found(shell: Shell) -> None:
    """An empty history is no error: no rows, a word on standard error."""
    result = shell.run("messages", "--phone", "79990000000", "--output", "json")
    assert rows(result) == []
    assert "no messages found" in result.err


def test_no_permit_no_call(shell: Shell, served: Served) -> None:
    """When the budget is spent, no call is made, and the next free moment is told."""
    config = shell.configured({"budget": {"requests": 3, "reserve": 1}})
    first = shell.run("messages", "--last", "3000", "--output", "json", config)
    assert first.status == 1
    assert len(json.loads(first.out)) == 2000
    assert "older ones are not shown; go on with --before" in first.err
    result = shell.run("messages", config)
    assert (result.status, result.out) == (1, "")
    assert "no call was made: the account's history calls are spent; next try" in result.err
    assert "(in 1h)" in result.err or "(in 59m" in result.err
    assert "0 history calls spent, 0 of 2 left this hour" in result.err
    assert len(served.gateway.calls) == 2


def test_a_question_the_gateway_refuses_does_not_pause_polling(
    shell: Shell, served: Served
) -> None:
    """A person's wrong question is told and leaves the account free to poll."""
    result = shell.run("messages", "--before", "nonsense")
    assert result.status == 1
    assert "wrong parameters (code 1)" in result.err
    assert shell.run("messages").status == 0


def test_a_gateway_that_is_back_is_asked_at_once(shell: Shell, served: Served) -> None:
    """A person doesn't wait for a pause that only spares the budget."""
    served.gateway.faults.add(Fault(kind=FaultKind.HTTP_503))
    assert "HTTP status 503" in shell.run("messages").err
    served.gateway.faults.clear()
    assert shell.run("messages").status == 0


def test_a_refused_login_is_not_tried_again(shell: Shell, served: Served) -> None:
    """A pause that the gateway demands is kept, and told."""
    for _ in range(2):
        ran = shell.run("messages", SMSC_PASSWORD="CANARY-WRONG")
        assert ran.status == 1
        assert "CANARY" not in ran.err
    assert served.gateway.refusals == {"login": 1}
    assert "no call was made: the login was refused" in ran.err


def test_a_page_that_fails_leaves_those_before_it(shell: Shell, served: Served) -> None:
    """When a later page fails, earlier rows are shown, with where to go on."""
    fault = Fault(kind=FaultKind.HTTP_500)
    served.gateway.faults.strike = _after(1, served, fault)  # type: ignore[method-assign]
    result = shell.run("messages", "--last", "1500", "--output", "json")
    assert result.status == 1
    assert len(json.loads(result.out)) == 1000
    last = json.loads(result.out)[-1]["int_id"]
    assert f"go on with --before {last}" in result.err
    assert "HTTP status 500" in result.err
    assert "2 history calls spent" in result.err


def _after(calls: int, served: Served, fault: Fault) -> Any:
    return lambda _now, _login, _path: fault if len(served.gateway.calls) >= calls else None


def test_nothing_is_registered_for_the_exporter(shell: Shell) -> None:
    """A command leaves the first sync and every total to the exporter."""
    shell.run("messages")
    with closing(sqlite3.connect(shell.ledger)) as connection:
        for table in ("stream", "message", "label_set"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_new_ledger_is_told_of(shell: Shell) -> None:
    """Whoever runs a command with another ledger than the exporter's learns it, once."""
    assert "a new ledger was made" in shell.run("messages").err
    assert "a new ledger was made" not in shell.run("messages").err


def test_without_a_ledger_there_is_no_call(shell: Shell, served: Served) -> None:
    """A ledger that can't be used is one clear line, and nothing leaves without a permit."""
    shell.ledger.write_bytes(b"not a ledger" * 1000)
    result = shell.run("messages")
    assert result.status == 1
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert "is not a ledger" in result.err
    assert not served.gateway.calls
