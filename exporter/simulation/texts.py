"""Texts, numbers and addresses of made-up people; all of them are derived from integers."""

import re
from typing import Final


LETTERS_IN_ONE: Final = 70
LETTERS_IN_EACH: Final = 67
"""Cyrillic letters in a single text, and in each part of a longer one."""

PLAIN: Final = (
    "Ваш код {number}. Никому его не сообщайте",
    "Заказ {number} передан в доставку",
    "Заказ {number} ждёт вас в пункте выдачи до 21:00",
    "Списание {number} р. Доступно {salt} р.",
    "Запись подтверждена на завтра на 14:30",
    "Скидка 20% на всё до воскресенья! shop.example/{salt}",
)
NASTY: Final = (
    "Код: {number}, не сообщайте \"никому\", даже 'нам'",
    "Первая строка\nвторая строка,\r\nтретья, 1,2,3",
    "status = 1, err = 6, phone = 79000000000, {number}",
    "Спасибо 😀👍 за заказ № {number} <b>&amp;</b>",
    "a,b,,c,  d ,\"{number}\",'e', message = , type = 0, ID = 1",
    ']]></message><status>20</status> {{"status": 20}} {number}',
    "~~~\n[shop]\n{number}\t\\n\\",
    ",,,",
    " {number} = ",
)
FILLER: Final = " Подробности по телефону горячей линии или на сайте."
_ADDRESS: Final = re.compile(r"user(\d{1,9})@(?:mail|post)\.example")


def text_of(salt: int, segments: int, nasty_share: float) -> str:
    """Text of about as many parts as ``segments`` says."""
    nasty = (salt >> 8) % 10000 < nasty_share * 10000
    choice = NASTY if nasty else PLAIN
    text = choice[salt % len(choice)].format(number=salt % 9000 + 1000, salt=salt % 100000)
    if segments < 2:
        return text
    length = LETTERS_IN_EACH * segments - 10
    return text + (FILLER * (length // len(FILLER) + 1))[: max(0, length - len(text))]


def address_of(index: int) -> str:
    """Mail address of a recipient."""
    return f"user{index}@{'post' if index % 3 else 'mail'}.example"


def index_of(address: str) -> int | None:
    """The recipient an address belongs to, None for a stranger."""
    match = _ADDRESS.fullmatch(address.strip().lower())
    if match is None or address_of(int(match[1])) != address.strip().lower():
        return None
    return int(match[1])


def number_of(prefix: str, digits: int, index: int) -> int:
    """Phone number of a subscriber of an operator; different for different indexes."""
    span: int = 10**digits
    return int(prefix) * span + (index * 6180339 + 271828) % span
