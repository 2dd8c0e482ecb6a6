"""Codes of the gateway as the simulation knows them; kept apart from `exporter.gateway.codes`."""

from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """``status`` of a history row."""

    STOPPED = -2
    WAITING = -1
    PASSED = 0
    DELIVERED = 1
    READ = 2
    EXPIRED = 3
    CLICKED = 4
    SPAM = 6
    UNDELIVERABLE = 20
    WRONG_NUMBER = 22
    FORBIDDEN = 23
    NO_FUNDS = 24
    UNREACHABLE = 25


class Kind(IntEnum):
    """``type`` of a history row."""

    SMS = 0
    FLASH = 1
    HLR = 4
    CALL = 7
    EMAIL = 8
    VIBER = 10


class Error(IntEnum):
    """``error_code`` of a refused call."""

    PARAMETERS = 1
    LOGIN = 2
    NOT_FOUND = 3
    BLOCKED = 4
    TOO_OFTEN = 9


STATUS_NAMES: Final = {
    Status.STOPPED: "Остановлено",
    Status.WAITING: "Ожидает отправки",
    Status.PASSED: "Передано оператору",
    Status.DELIVERED: "Доставлено",
    Status.READ: "Прочитано",
    Status.EXPIRED: "Просрочено",
    Status.CLICKED: "Нажата ссылка",
    Status.SPAM: "Заблокировано спам-фильтром",
    Status.UNDELIVERABLE: "Невозможно доставить",
    Status.WRONG_NUMBER: "Неверный номер",
    Status.FORBIDDEN: "Запрещено",
    Status.NO_FUNDS: "Недостаточно средств",
    Status.UNREACHABLE: "Недоступный номер",
}
"""``status_name`` as the gateway writes it."""

PENDING: Final = frozenset({Status.STOPPED, Status.WAITING, Status.PASSED})
"""Statuses that something is still to follow."""

DELIVERED: Final = frozenset({Status.DELIVERED, Status.READ, Status.CLICKED})
"""Statuses of a message that reached its recipient: their rows carry no ``err``."""

ERROR_TEXTS: Final = {
    Error.PARAMETERS: "parameters error",
    Error.LOGIN: "authorise error",
    Error.NOT_FOUND: "message not found",
    Error.BLOCKED: "ip is blocked",
    Error.TOO_OFTEN: "duplicate request, wait a minute",
}
"""Texts of refusals."""

TOO_MANY_AN_HOUR: Final = "too many requests in an hour"
TOO_MANY_AT_ONCE: Final = "too many concurrent requests"
