"""Decisions as they are shown."""

import json

from exporter.gateway.message import Personal
from exporter.gateway.request import HistoryRequest
from exporter.polling.decisions import MOST_SHOWN, Decision, Option, held
from exporter.simulation.clock import START


PHONE = "79161234567"


def option(worth: float) -> Option:
    return Option(
        channel="sms",
        kind="lookup",
        reason="pending",
        worth=worth,
        finals=1.25,
        detail="1 numbers from 2023-11-14 to 2023-11-14",
        request=HistoryRequest(phones=(Personal(PHONE),), prev_id="123456789"),
    )


def test_a_decision_is_shown_without_what_is_asked_for() -> None:
    """Kind, reason, worth and final statuses are for everybody, numbers and ids for nobody."""
    decision = Decision(
        at=START,
        action="lookup",
        channel="sms",
        reason="pending",
        price=99.6,
        options=(option(120.4),),
    )
    assert decision.plain() == {
        "at": "2023-11-14T22:13:20Z",
        "action": "lookup",
        "channel": "sms",
        "reason": "pending",
        "why": "messages without a final status are worth reading again",
        "until": None,
        "price_row_seconds": 100,
        "options": [
            {
                "kind": "lookup",
                "channel": "sms",
                "reason": "pending",
                "detail": "1 numbers from 2023-11-14 to 2023-11-14",
                "worth_row_seconds": 120,
                "expected_finals": 1.2,
            }
        ],
    }
    assert PHONE not in json.dumps(decision.plain())


def test_the_best_options_are_shown() -> None:
    """However much was weighed, a decision stays short."""
    many = tuple(option(1000.0 - number) for number in range(50))
    shown = Decision(at=START, action="wait", reason="price", options=many).plain()["options"]
    assert isinstance(shown, list)
    assert [each["worth_row_seconds"] for each in shown] == [
        1000 - number for number in range(MOST_SHOWN)
    ]


def test_what_stands_against_a_call_is_a_wait() -> None:
    """A pause has an end and a reason in words, and no price."""
    assert held(START, START + 60, "refused").plain() == {
        "at": "2023-11-14T22:13:20Z",
        "action": "wait",
        "channel": None,
        "reason": "refused",
        "why": "the login was refused",
        "until": "2023-11-14T22:14:20Z",
        "price_row_seconds": None,
        "options": [],
    }
