"""Answers as a whole: errors in all their forms, charsets, odd rows, garbage."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.gateway import errors
from exporter.gateway.answers import decode
from exporter.gateway.message import Page


FORMS: dict[str, Callable[[int, str], str]] = {
    "text": lambda code, text: f"ERROR = {code} ({text})",
    "text without words": lambda code, _: f"ERROR = {code}",
    "commas": lambda code, _: f"0,-{code}",
    "xml": lambda code, text: (
        f"<result>\n<error>{text}</error>\n<error_code>{code}</error_code>\n</result>"
    ),
    "json": lambda code, text: json.dumps({"error": text, "error_code": code}),
    "json of text": lambda code, text: json.dumps({"error_code": str(code), "error": text}),
}
CLASSES = {
    1: errors.BadParameters,
    2: errors.RefusedLogin,
    4: errors.AddressBlocked,
    5: errors.UnknownApiError,
    9: errors.OverLimit,
    77: errors.UnknownApiError,
}


@pytest.fixture
def one(row: Any, mapping: Any) -> Callable[..., Page]:
    """Decode a JSON page of one row with some fields replaced, or dropped when None."""

    def make(**changes: Any) -> Page:
        fields = {k: v for k, v in (mapping(row()) | changes).items() if v is not ...}
        return decode(json.dumps([fields]).encode())

    return make


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", CLASSES)
def test_errors_are_typed_in_every_form(form: str, code: int) -> None:
    """An error answer becomes its own class with its code, in whatever form it comes."""
    with pytest.raises(errors.ApiError) as caught:
        decode(FORMS[form](code, "some text").encode())
    assert type(caught.value) is CLASSES[code]
    assert caught.value.code == code
    assert caught.value.result == "api_error"
    assert f"code {code}" in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_found_is_an_empty_page(form: str) -> None:
    """Code 3 is no failure."""
    assert decode(FORMS[form](3, "message not found").encode()) == Page()


@pytest.mark.parametrize("form", ["text", "xml", "json"])
@pytest.mark.parametrize("text", ["too many concurrent requests", "слишком много одновременных"])
def test_too_many_at_once_is_told_by_its_text(form: str, text: str) -> None:
    """Code 9 has two meanings."""
    with pytest.raises(errors.TooManyAtOnce):
        decode(FORMS[form](9, text).encode("utf-8"))


def test_error_without_a_code_is_an_api_error() -> None:
    """An error object is an error even when its code is missing."""
    with pytest.raises(errors.UnknownApiError) as caught:
        decode(b'{"error": "CANARY"}')
    assert caught.value.code is None
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("body", [b"[]", b" [ ]\n", b"<list></list>", b"<list/>"])
def test_empty_lists_are_empty_pages(body: bytes) -> None:
    """A list without rows is a page without messages."""
    assert decode(body) == Page()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"OK", "empty"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "html"),
        (b"<html>", "html"),
        (b'[{"status": 1', "cut"),
        (b"<list><sms>", "unreadable"),
        (b'{"status": 1}', "unreadable"),
        (b"<result><balance>1</balance></result>", "unreadable"),
        (b"3", "unreadable"),
        (b'"text"', "unreadable"),
        (b"[" * 100_000, "cut"),
        (b"[1" + b"0" * 5000 + b"]", "unreadable"),
    ],
)
def test_anything_else_is_unreadable(body: bytes, kind: str) -> None:
    """What is no page and no error says so by kind; an empty body proves nothing."""
    with pytest.raises(errors.UnreadableAnswer) as caught:
        decode(body)
    assert caught.value.kind == kind


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_windows_1251_is_read_under_any_label(fmt: int, row: Any, render: Any) -> None:
    """The charset is told by the bytes: UTF-8 when it is, else windows-1251."""
    text = render(fmt, [row(operator="Йота", region="г.Москва", text="код")])
    if fmt == 2:
        text = '<?xml version="1.0" encoding="utf-8"?>\n' + text
    plain = decode(text.encode(), personal=True)
    assert decode(text.encode("windows-1251"), personal=True) == plain
    assert decode(b"\xef\xbb\xbf" + text.encode(), personal=True) == plain
    assert plain.messages[0].operator == "yota"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"int_id": ...}, "id"),
        ({"int_id": ""}, "id"),
        ({"int_id": 0}, "id"),
        ({"int_id": "x" * 65}, "id"),
        ({"int_id": "a\x00b"}, "id"),
        ({"int_id": [1]}, "id"),
        ({"status": ...}, "status"),
        ({"status": "sent"}, "status"),
        ({"status": True}, "status"),
        ({"status": 10**30}, "status"),
        ({"send_timestamp": ..., "send_date": ...}, "time"),
        ({"send_timestamp": 0, "send_date": ""}, "time"),
        ({"send_timestamp": "", "send_date": "31.02.2023 10:00:00"}, "time"),
        ({"send_timestamp": 10**13, "send_date": ...}, "time"),
    ],
)
def test_unusable_rows_are_skipped_by_reason(
    changes: dict[str, Any], reason: str, row: Any, mapping: Any
) -> None:
    """A row without id, status or time is counted and never spoils its page."""
    bad = {k: v for k, v in (mapping(row()) | changes).items() if v is not ...}
    good = mapping(row(int_id="5"))
    page = decode(json.dumps([bad, good, bad]).encode())
    assert [m.int_id for m in page.messages] == ["5"]
    assert page.rows == 3
    assert page.skipped == {reason: 2}


def test_things_that_are_no_rows_are_skipped(row: Any, mapping: Any) -> None:
    """A list may hold what is no row at all."""
    page = decode(json.dumps([None, 5, "x", [], mapping(row())]).encode())
    assert page.skipped == {"shape": 4}
    assert len(page.messages) == 1


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"status": "20"}, "status", 20),
        ({"status": 1.0}, "status", 1),
        ({"status": 77}, "status", 77),
        ({"err": ...}, "err", 0),
        ({"err": "254"}, "err", 254),
        ({"err": None}, "err", 0),
        ({"int_id": 401671913}, "int_id", "401671913"),
        ({"int_id": "0042"}, "int_id", "0042"),
        ({"int_id": " a-1 "}, "int_id", "a-1"),
        ({"send_timestamp": "1679060876"}, "send_time", 1679060876),
        ({"send_timestamp": ..., "send_date": "17.03.2023 16:47:56"}, "send_time", 1679060876),
        ({"send_timestamp": 0, "send_date": "17.03.2023 16:47"}, "send_time", 1679060820),
        ({"last_timestamp": 0, "last_date": ""}, "status_time", None),
        ({"last_timestamp": "", "last_date": ...}, "status_time", None),
        ({"last_timestamp": ..., "last_date": "17.03.2023 16:47:56"}, "status_time", 1679060876),
        ({"type": 99}, "channel", "other"),
        ({"type": "8"}, "channel", "email"),
        ({"type": ..., "format": 8}, "channel", "email"),
        ({"type": ...}, "channel", "sms"),
        ({"region": None}, "region", ""),
        ({"region": "  г.\nМосква "}, "region", "г. Москва"),
        ({"operator": "", "mccmnc": "25503"}, "operator", "25503"),
        ({"operator": ..., "mccmnc": ...}, "operator", "unknown"),
        ({"mccmnc": 25002}, "country", "RU"),
        ({"mccmnc": "79161234567"}, "mccmnc", ""),
        ({"cost": 0.385}, "cost", Decimal("0.385")),
        ({"cost": "1,20"}, "cost", Decimal("1.20")),
        ({"cost": 3}, "cost", Decimal(3)),
        ({"cost": ""}, "cost", None),
        ({"cost": None}, "cost", None),
        ({"cost": "NaN"}, "cost", None),
        ({"cost": "-5"}, "cost", None),
        ({"cost": "1e999999"}, "cost", None),
        ({"sms_cnt": "3"}, "segments", 3),
        ({"sms_cnt": ...}, "segments", 1),
        ({"phone": ...}, "phone", None),
        ({"flag": 0, "comment": "x", "new": {"a": [1]}}, "status", 1),
    ],
)
def test_fields_are_read_leniently(
    changes: dict[str, Any], name: str, value: object, one: Callable[..., Page]
) -> None:
    """Numbers as text, missing and unknown fields, unknown codes: each has one reading."""
    assert getattr(one(**changes).messages[0], name) == value


def test_costs_keep_their_scale(row: Any, render: Any) -> None:
    """A cost is never a float on its way."""
    body = render(3, [row()]).replace('"1.20"', "0.100000000000000055").encode()
    assert str(decode(body).messages[0].cost) == "0.100000000000000055"


def test_odd_neighbour_changes_no_reading(row: Any, mapping: Any) -> None:
    """A page read row by row, because one row is odd, gives the same messages as a regular one."""
    fields = [mapping(row()), mapping(row(int_id="7", err=None, cost="0.385"))]
    regular = decode(json.dumps(fields).encode())
    odd = decode(json.dumps([*fields, {"status": 1.5}]).encode())
    assert odd.messages == regular.messages


@settings(max_examples=300, deadline=None)
@given(
    body=st.binary(max_size=200)
    | st.text(alphabet='[]{}<>":,=-0123ERO /\nslit', max_size=60).map(str.encode)
)
def test_garbage_raises_only_gateway_errors(body: bytes) -> None:
    """No bytes at all bring anything but a page or an error of the tree."""
    try:
        page = decode(body)
    except errors.GatewayError:
        return
    assert len(page.messages) + sum(page.skipped.values()) == page.rows


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_pages_raise_only_gateway_errors(
    fmt: int, data: st.DataObject, rows: Any, render: Any
) -> None:
    """A page with bytes changed, lost or added is a page or an error, whatever it holds."""
    body = bytearray(render(fmt, data.draw(rows)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b"x")
    for personal in (False, True):
        try:
            page = decode(bytes(body), personal=personal)
        except errors.GatewayError:
            continue
        assert len(page.messages) + sum(page.skipped.values()) == page.rows


@settings(max_examples=200, deadline=None)
@given(
    head=st.sampled_from(["", "<x>", '{"a":"', "Status = 1,", "[", "0,-x"]),
    words=st.lists(
        st.sampled_from(["CANARY", "Канарейка", "79161234567", "8 916 123-45-67", "+7"])
    ),
)
def test_unreadable_answers_show_no_text_and_no_phone(head: str, words: list[str]) -> None:
    """What an unreadable answer looked like is said without a word or number of it."""
    with pytest.raises(errors.UnreadableAnswer) as caught:
        decode(f"{head}{' '.join(words)}".encode())
    shown = str(caught.value).partition("):")[2]
    assert not any(part in shown for part in ("CANARY", "анар", "7916", "916", "123", "+7"))


def test_unreadable_answers_say_what_they_looked_like() -> None:
    """The protocol's own words and marks stay, so that the form can be recognised."""
    with pytest.raises(errors.UnreadableAnswer) as caught:
        decode(b"<html><head><title>502 Bad Gateway</title>")
    assert "HTML" in str(caught.value)
    assert "42 characters" in str(caught.value)
    assert "<title>0 Bad Gateway</title>" in str(caught.value)
