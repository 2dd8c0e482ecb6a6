"""Pages in the four formats."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.gateway.answers import decode
from exporter.gateway.errors import UnreadableAnswer


Render = Callable[[int, list[Any]], str]

CHANNELS = {0: "sms", 1: "flash", 7: "call", 8: "email", 12: "social"}
OPERATORS = {"МегаФон": "megafon", "Kyivstar": "kyivstar", "Т2 Мобайл": "tele2"}
SENDERS = {"79161234567": "number", "box@mail.example": "@mail.example"}
COUNTRIES = {"25002": "RU", "25503": "UA", "": "XX"}
XML_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORGED = re.compile(r"crc = -?\d+\s*\n\s*Status = |,\d+\s*\n\s*-?\d*,\d*,\d*,\d*,")


def decode_text(body: str, **options: Any) -> Any:
    return decode(body.encode(), **options)


def expected(row: Any, fmt: int) -> dict[str, object]:
    text = XML_ILLEGAL.sub(" ", row.text) if fmt == 2 else row.text
    return {
        "int_id": row.int_id,
        "status": row.status,
        "send_time": row.send_time,
        "status_time": row.status_time or None,
        "err": row.err or 0,
        "channel": CHANNELS[row.type],
        "country": COUNTRIES[row.mccmnc],
        "operator": OPERATORS.get(row.operator) or row.mccmnc or "unknown",
        "region": row.region,
        "sender": SENDERS.get(row.sender, row.sender),
        "mccmnc": row.mccmnc,
        "segments": row.sms_cnt,
        "cost": Decimal(row.cost),
        "client_id": str(row.id),
        "phone": row.phone,
        "text": text or None,
    }


def shown(message: Any) -> dict[str, object]:
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    return fields | {name: fields[name] and fields[name].value for name in ("phone", "text")}


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_every_format_gives_the_same_fields(
    fmt: int, data: st.DataObject, rows: Any, render: Render
) -> None:
    """Any message written in any format is read back, whatever its text holds."""
    page_rows = data.draw(rows)
    assume(fmt > 1 or not any(FORGED.search(row.text) for row in page_rows))
    page = decode_text(render(fmt, page_rows), personal=True)
    assert [shown(message) for message in page.messages] == [expected(r, fmt) for r in page_rows]
    assert page.rows == len(page_rows)
    assert page.skipped == {}


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_text_is_dropped_unless_asked_for(fmt: int, row: Any, render: Render) -> None:
    """A page read for counting holds no text."""
    page = decode_text(render(fmt, [row(text="CANARY")]))
    assert page.messages[0].text is None
    assert "CANARY" not in repr(page)


@pytest.mark.parametrize("fmt", [2, 3])
def test_cut_documents_are_no_page(fmt: int, row: Any, render: Render) -> None:
    """A document cut at any byte gives no page, not even a shorter one."""
    body = render(fmt, [row(text="a, b"), row(int_id="401671912")]).encode()
    for length in range(len(body)):
        with pytest.raises(UnreadableAnswer):
            decode(body[:length])


@pytest.mark.parametrize("fmt", [0, 1])
@pytest.mark.parametrize("text", ["код, 12", "12,34", "a\nb = c", ""])
def test_cut_rows_are_never_wrong(fmt: int, text: str, row: Any, render: Render) -> None:
    """Rows of text have no end mark: what is read of a cut body is right as far as it goes."""
    body = render(fmt, [row(text=text), row(text=text, int_id="401671912")]).encode()
    whole = decode(body, personal=True).messages
    assert len(whole) == 2
    for length in range(len(body)):
        try:
            messages = decode(body[:length], personal=True).messages
        except UnreadableAnswer:
            continue
        assert messages == whole[: len(messages)]
        assert messages


@pytest.mark.parametrize("fmt", [0, 1])
@pytest.mark.parametrize("between", ["\r\n", "\n\n", "\n"])
def test_rows_of_text_may_be_parted_in_several_ways(
    fmt: int, between: str, row: Any, render: Render
) -> None:
    """Windows line ends and blank lines between rows change nothing."""
    rows = [row(), row(int_id="401671912", text="x\ny")]
    plain = decode_text(render(fmt, rows))
    parted = between.join(render(fmt, [each]) for each in rows) + between
    assert decode_text(parted) == plain


def test_comma_cost_is_told_from_its_neighbours(row: Any, render: Render) -> None:
    """A decimal comma in format 1 shifts nothing when the status is named."""
    page = decode_text(render(1, [row(cost="1,20"), row(cost="3", sender="77")]))
    assert [(m.cost, m.sender) for m in page.messages] == [
        (Decimal("1.20"), "SHOP"),
        (Decimal(3), "77"),
    ]


def test_named_rows_take_unknown_pairs(row: Any, render: Render) -> None:
    """A pair that the page does not name is passed over, before and after the message."""
    body = render(0, [row()]).replace(", err", ", flag = 3, err").replace(", crc", ", new = x, crc")
    assert decode_text(body) == decode_text(render(0, [row()]))


def test_dates_are_read_in_the_accounts_zone(row: Any, render: Render) -> None:
    """Format 0 has dates only: the account's time zone says what they mean."""
    body = render(0, [row(send_time=1679060876)])
    there = decode_text(body, timezone=ZoneInfo("Asia/Almaty"))
    assert decode_text(body).messages[0].send_time == 1679060876
    assert there.messages[0].send_time == 1679060876 - 3 * 3600


def test_markup_of_a_text_may_stand_unescaped(row: Any, render: Render) -> None:
    """XML whose text was put in as it is still gives its rows."""
    for raw in ("a & b", "1 < 2", "<b>x</b> &c;", "\x01\x0b"):
        body = render(2, [row(text="TEXT"), row(int_id="9")]).replace("TEXT", raw)
        page = decode_text(body)
        assert [m.int_id for m in page.messages] == ["401671913", "9"]


def test_documents_with_entities_are_refused() -> None:
    """An XML body cannot grow through entities of its own."""
    bomb = '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><list><sms>&b;</sms></list>'
    with pytest.raises(UnreadableAnswer):
        decode_text(bomb)
    with pytest.raises(UnreadableAnswer):
        decode_text("<list>" + "<a>" * 5000)


def test_broken_json_text_is_mended(row: Any, mapping: Any) -> None:
    """Raw control characters inside strings do not spoil a page."""
    body = json.dumps([mapping(row(text="a~b"))], ensure_ascii=False).replace("~", "\n\t\x01")
    page = decode_text(body, personal=True)
    assert page.messages[0].text.value == "a\n\t\x01b"
