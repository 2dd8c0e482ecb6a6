"""Answers of the gateway as bytes, made by the simulated gateway's own rules of writing."""

import json


def answer(first_id: int, rows: int, newest: int, *, status: int = 0) -> bytes:
    """A page of JSON as the vendor's page shows it, newest first, ten messages a second."""
    return json.dumps(
        [_row(first_id - i, newest - i // 10, i, status) for i in range(rows)],
        ensure_ascii=False,
    ).encode()


def _row(int_id: int, sent: int, i: int, status: int) -> dict[str, object]:
    operator, mccmnc = (("МТС", "25001"), ("МегаФон", "25002"), ("Билайн", "25099"))[i % 3]
    return {
        "status": status,
        "last_date": "15.01.2027 12:00:00" if status else "",
        "last_timestamp": sent + 7 if status else 0,
        "send_date": "15.01.2027 12:00:00",
        "send_timestamp": sent,
        "phone": f"7900{i:07d}",
        "cost": ("2.40", "4.80")[i % 2],
        "sender_id": ("SHOP", "BANK", "TAXI")[i % 7 % 3],
        "status_name": "Передано оператору",
        "message": f"Ваш код подтверждения: {i:04d}. Никому его не сообщайте, даже сотрудникам.",
        "mccmnc": mccmnc,
        "country": "Россия",
        "operator": operator,
        "region": "г.Москва и Московская область",
        "type": 0,
        "id": i + 1,
        "int_id": str(int_id),
        "sms_cnt": i % 2 + 1,
        "format": 0,
        "crc": 307589946,
        "flag": 0,
    }
