import re
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from exporter.simulation.clock import VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.world import Query


MakeGateway = Callable[..., Gateway]
Ask = Callable[..., httpx.Response]
MOSCOW = timezone(timedelta(hours=3))
LINE = re.compile(
    r"^Status = (?P<status>-?\d+), check_time = (?P<last_date>[\d.: ]*), err = (?P<err>\d+), "
    r"send_date = (?P<send_date>[\d.: ]+), phone = (?P<phone>[\w@.]+), "
    r"mccmnc = (?P<mccmnc>\d*), country = (?P<country>\w*), operator = (?P<operator>\w*), "
    r"region = (?P<region>.*?), cost = (?P<cost>[\d.]+), sender_id = (?P<sender_id>\S+), "
    r"status_name = (?P<status_name>[^,]+), message = (?P<message>.*?), type = (?P<type>\d+), "
    r"ID = (?P<id>\d+), int_id = (?P<int_id>\d+), sms_cnt = (?P<sms_cnt>\d+), "
    r"format = (?P<format>\d), crc = (?P<crc>\d+)(?=\n(?:Status = -?\d+, check_time)|\Z)",
    re.DOTALL | re.MULTILINE,
)
COMMAS = re.compile(
    r"^(?P<status>-?\d+),(?P<last_timestamp>\d+),(?P<err>\d+),(?P<send_timestamp>\d{9,}),"
    r"(?P<phone>[\w@.]+),(?P<mccmnc>\d*),(?P<country>\w*),(?P<operator>\w*),(?P<region>.*?),"
    r"(?P<cost>[\d.]+),(?P<sender_id>\S+?),(?P<status_name>[^,]+), (?P<message>.*?),"
    r"(?P<type>\d+),(?P<id>\d+),(?P<int_id>\d{12,}),(?P<sms_cnt>\d+),(?P<format>\d),"
    r"(?P<crc>\d+)(?=\n-?\d+,\d+,\d+,\d{9,},|\Z)",
    re.DOTALL | re.MULTILINE,
)


def parse_lines(text: str, pattern: re.Pattern[str]) -> list[dict[str, str]]:
    """Rows of fmt 0 or 1, anchored on the fields around the free text."""
    return [match.groupdict() for match in pattern.finditer(text)]


def parse_xml(text: str) -> list[dict[str, str]]:
    return [
        {field.tag: field.text or "" for field in row}
        for row in ET.fromstring(text).iterfind("sms")
    ]


def strings(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items()}


@pytest.mark.parametrize("stream", [0, 8])
def test_formats_carry_the_same_rows(make_gateway: MakeGateway, ask: Ask, stream: int) -> None:
    """All four formats say the same of the same page, each as far as it carries the fields."""
    gateway = make_gateway()
    answers = [ask(gateway, cnt=300, fmt=fmt, format=stream) for fmt in range(4)]
    rows = [strings(row) for row in answers[3].json()]
    assert len(rows) == 300
    assert [row | {"err": row.get("err", "0")} for row in parse_xml(answers[2].text)] == [
        row | {"err": row.get("err", "0"), "message": row["message"].replace("\r\n", "\n")}
        for row in rows
    ]
    for answer, pattern in zip(answers[:2], (LINE, COMMAS), strict=True):
        parsed = parse_lines(answer.text, pattern)
        full = [{"err": "0"} | row for row in rows]
        assert parsed == [{name: row[name] for name in parsed[0]} for row in full]


def test_json_fields_have_the_documented_types(make_gateway: MakeGateway, ask: Ask) -> None:
    """Numbers are numbers and strings strings; err is absent from delivered rows only."""
    for row in ask(make_gateway(), cnt=500).json():
        numbers = {name for name, value in row.items() if isinstance(value, int)}
        assert numbers - {"err"} == {
            "status", "last_timestamp", "send_timestamp", "type", "id", "sms_cnt", "format", "crc",
        }  # fmt: skip
        assert ("err" in row) == (row["status"] not in {-2, -1, 0, 1, 2, 4})
        assert row["crc"] == zlib.crc32(row["message"].encode())


def test_rows_show_the_state_of_now(
    make_gateway: MakeGateway, ask: Ask, clock: VirtualClock
) -> None:
    """Statuses, costs and dates are those of the moment of asking."""
    gateway = make_gateway()
    rows = ask(gateway, cnt=400).json()
    world = gateway.accounts["alex"].world
    records = world.page(clock.now(), Query(cnt=400))
    for row, record in zip(rows, records, strict=True):
        state = record.at(clock.now())
        assert (row["int_id"], row["status"]) == (str(record.int_id), state.status)
        assert row["cost"] == str(record.cost(clock.now()))
        sent = datetime.fromtimestamp(row["send_timestamp"], MOSCOW)
        assert row["send_date"] == sent.strftime("%d.%m.%Y %H:%M:%S")
        assert row["last_timestamp"] == (0 if state.status == -1 else state.time)
        assert bool(row["last_date"]) == bool(row["last_timestamp"])


def test_errors_in_four_forms(make_gateway: MakeGateway, ask: Ask) -> None:
    """A refusal has the form of the format asked for, with HTTP status 200."""
    gateway = make_gateway()
    answers = [ask(gateway, fmt=fmt, prev_id="x") for fmt in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].text == "ERROR = 1 (parameters error)"
    assert answers[1].text == "0,-1"
    assert "".join(answers[2].text.split("\n")) == (
        "<result><error>parameters error</error><error_code>1</error_code></result>"
    )
    assert answers[3].json() == {"error": "parameters error", "error_code": 1}


def test_windows_1251_unless_asked(make_gateway: MakeGateway, ask: Ask) -> None:
    """The answer is in windows-1251 unless utf-8 is asked for, and says so."""
    gateway = make_gateway()
    legacy = ask(gateway, charset="windows-1251", cnt=300)
    assert legacy.headers["content-type"] == "application/json; charset=windows-1251"
    assert "Доставлено" in legacy.content.decode("windows-1251")
    modern = ask(gateway, charset="utf-8")
    assert modern.headers["content-type"] == "application/json; charset=utf-8"
    assert "Доставлено" in modern.content.decode("utf-8")
