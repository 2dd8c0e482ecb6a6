"""Balance answers in every format, and everything that can stand in their place."""

import json
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway import errors
from exporter.gateway.balance import Balance
from exporter.gateway.balance_answers import decode_balance
from exporter.gateway.errors import GatewayError, UnreadableAnswer


FORMATS = (0, 1, 2, 3)
ROOTS = ("", "result", "balance_info")
AMOUNTS = st.decimals(-(10**9), 10**9, places=2) | st.decimals(-1000, 1000, places=5)
CREDITS = st.none() | st.decimals(0, 10**6, places=2)
CURRENCIES = {"RUR": "RUB", "RUB": "RUB", "kzt": "KZT", " UAH ": "UAH", "": None, "руб.": None}


def written(draw: st.DrawFn, amount: Decimal, *, json_number: bool) -> object:
    """An amount as some gateway may write it."""
    text = f"{amount:f}"
    ways = [text, text.replace(".", ","), f" {text} ", f"{amount:,f}".replace(",", "\u00a0")]
    ways += ["+" + text] * (amount >= 0)
    return float(amount) if json_number else draw(st.sampled_from(ways))


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, Balance]:
    """An answer, and what it tells."""
    fmt, amount, credit = draw(st.sampled_from(FORMATS)), draw(AMOUNTS), draw(CREDITS)
    name = draw(st.sampled_from(sorted(CURRENCIES)))
    if fmt < 2:
        plain = draw(st.sampled_from(["", " RUR", ",KZT", ";UAH"]))
        text = f"{written(draw, amount, json_number=False)}{plain}"
        told = CURRENCIES.get(plain[1:]) or plain[1:] or None
        return text.encode(), Balance(amount=amount, currency=told)
    number = fmt == 3 and draw(st.booleans()) and abs(amount) < 10**6
    values: dict[str, object] = {"balance": written(draw, amount, json_number=number)}
    values |= {} if credit is None else {"credit": str(credit)}
    values |= draw(st.sampled_from([{}, {"balance2": "7.00"}, {"id": 1}]))
    values["currency"] = name
    names = draw(st.permutations(sorted(values)))
    encoding = draw(st.sampled_from(["utf-8", "windows-1251", "utf-8-sig"]))
    text = body(draw, {key: values[key] for key in names}, fmt)
    return text.encode(encoding), Balance(amount=amount, credit=credit, currency=CURRENCIES[name])


def body(draw: st.DrawFn, values: dict[str, object], fmt: int) -> str:
    if fmt == 3:
        return json.dumps(values, ensure_ascii=draw(st.booleans()))
    fields = "\n".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in values.items())
    root = draw(st.sampled_from(ROOTS))
    head = draw(st.sampled_from(["", '<?xml version="1.0" encoding="utf-8"?>\n']))
    return head + (f"<{root}>\n{fields}\n</{root}>\n" if root else fields)


@given(answers())
def test_what_is_told_is_read_whatever_the_form(answer: tuple[bytes, Balance]) -> None:
    """Number or text, point or comma, spaces, encodings, unknown fields, with a root or without:
    it is the same money to the last digit."""
    text, told = answer
    assert decode_balance(text) == told


def test_recorded_answers() -> None:
    """As public clients of the gateway show them."""
    assert decode_balance(b'{"balance":"1871.62"}') == Balance(amount=Decimal("1871.62"))
    assert decode_balance(b'{"balance":"0.00","currency":"KZT"}') == Balance(
        amount=Decimal("0.00"), currency="KZT"
    )
    assert decode_balance(b'{"balance":"9.5","credit":null,"currency":"RUR"}').credit is None
    assert decode_balance(b"1871.62\n").amount == Decimal("1871.62")


ERRORS = [
    (1, errors.BadParameters),
    (2, errors.RefusedLogin),
    (3, errors.UnknownApiError),
    (4, errors.AddressBlocked),
    (9, errors.OverLimit),
    (77, errors.UnknownApiError),
]


@pytest.mark.parametrize(("code", "expected"), ERRORS)
def test_errors_are_those_of_any_call_in_every_format(
    code: int, expected: type[errors.ApiError]
) -> None:
    """A refusal is never taken for an amount, whatever format it comes in."""
    said = "CANARY 79161234567"
    texts = [
        json.dumps({"error": said, "error_code": code}),
        json.dumps({"error": said, "error_code": str(code), "balance": "5.00"}),
        f"<result>\n<error>{said}</error>\n<error_code>{code}</error_code>\n</result>",
        f"ERROR = {code} ({said})",
        f"0,-{code}",
    ]
    for text in texts:
        with pytest.raises(GatewayError) as caught:
            decode_balance(text.encode())
        assert (type(caught.value), caught.value.code) == (expected, code)
        assert "CANARY" not in str(caught.value)


def test_too_many_at_once_is_told_by_its_text() -> None:
    """The text of error 9 says which limit it was."""
    with pytest.raises(errors.TooManyAtOnce):
        decode_balance(b'{"error":"too many concurrent requests","error_code":9}')


UNREADABLE = [
    (b"", "empty"),
    (b"OK", "empty"),
    (b"<!DOCTYPE html><html><body>1871.62</body></html>", "html"),
    (b'{"balance":"18', "cut"),
    (b"<result><balance>1871.62</balance>", "unreadable"),
    (b"<result><balance>18", "cut"),
    (b'{"balance":null}', "unreadable"),
    (b'{"balance":true}', "unreadable"),
    (b'{"balance":{"balance":"1"}}', "unreadable"),
    (b'{"balance":""}', "unreadable"),
    (b'{"balance":"NaN"}', "unreadable"),
    (b'{"balance":NaN}', "unreadable"),
    (b'{"balance":"Infinity"}', "unreadable"),
    (b'{"balance":"1e30"}', "unreadable"),
    (b'{"balance":"1_000"}', "unreadable"),
    (b'{"balance":"1,871.62"}', "unreadable"),
    (b'{"balance":"10 USD"}', "unreadable"),
    ('{"balance":"٥"}'.encode(), "unreadable"),
    (b'{"balance":' + b"9" * 5000 + b"}", "unreadable"),
    (b'{"currency":"RUR"}', "unreadable"),
    (b"[]", "unreadable"),
    (b'[{"balance":"1"}]', "unreadable"),
    (b"1871.", "unreadable"),
    (b"1871.62, 5", "unreadable"),
    (b"RUR", "unreadable"),
]


@pytest.mark.parametrize(("text", "kind"), UNREADABLE)
def test_what_is_no_balance_is_none(text: bytes, kind: str) -> None:
    """No amount is better than a wrong one; what it looked like is told without its numbers."""
    with pytest.raises(UnreadableAnswer, match="the answer is no balance") as caught:
        decode_balance(text)
    assert caught.value.kind == kind
    _, _, look = str(caught.value).partition("characters)")
    assert "1871" not in look


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_nothing_but_an_amount_or_a_typed_error(text: bytes) -> None:
    """No body, however odd, raises anything else."""
    try:
        told = decode_balance(text)
    except GatewayError:
        return
    assert told.amount.is_finite()
