"""Every status, error, type and API code of the gateway: names, outcome and owner, as data.

An owner is the side to look at first when a message fails: the recipient (handset, subscription,
number in the list), the sender (text and content), the account (money, contract, settings, sender
name), the operator, or the provider (the gateway itself).
"""

from types import MappingProxyType
from typing import Final, Literal, NamedTuple


Outcome = Literal[
    "delivered",
    "expired",
    "undeliverable",
    "invalid_number",
    "rejected",
    "no_funds",
    "cancelled",
    "pending",
    "unknown",
]
Owner = Literal["recipient", "sender", "account", "operator", "provider", ""]
Language = Literal["russian", "english"]

OUTCOMES: Final[tuple[Outcome, ...]] = (
    "delivered",
    "expired",
    "undeliverable",
    "invalid_number",
    "rejected",
    "no_funds",
    "cancelled",
    "pending",
    "unknown",
)
"""Every outcome, in the order in which label values are laid out."""
OWNERS: Final[tuple[Owner, ...]] = ("recipient", "sender", "account", "operator", "provider")
PENDING: Final = frozenset({-2, -1, 0})
"""Statuses after which another one is still to come."""


class Status(NamedTuple):
    """A message status (``status``)."""

    code: int
    russian: str
    english: str
    outcome: Outcome
    owner: Owner


class Err(NamedTuple):
    """Why a message was not delivered (``err``)."""

    code: int
    russian: str
    english: str
    owner: Owner
    refusal: bool = False
    """Status 20 with this code means that the message was refused, not that it got lost."""


class Type(NamedTuple):
    """What kind of message it is (``type``)."""

    code: int
    channel: str
    russian: str
    english: str


class ApiCode(NamedTuple):
    """Error code of a whole answer (``error_code``)."""

    code: int
    kind: str
    russian: str
    english: str


_STATUSES: Final = (
    Status(-3, "Сообщение не найдено", "Message not found", "unknown", ""),
    Status(-2, "Остановлено", "Stopped", "cancelled", "account"),
    Status(-1, "Ожидает отправки", "Waiting to be sent", "pending", ""),
    Status(0, "Передано оператору", "Passed to the operator", "pending", ""),
    Status(1, "Доставлено", "Delivered", "delivered", ""),
    Status(2, "Прочитано", "Read", "delivered", ""),
    Status(3, "Просрочено", "Expired", "expired", "recipient"),
    Status(4, "Нажата ссылка", "Link clicked", "delivered", ""),
    Status(6, "Заблокировано спам-фильтром", "Rejected as spam", "rejected", "sender"),
    Status(20, "Невозможно доставить", "Cannot be delivered", "undeliverable", "operator"),
    Status(22, "Неверный номер", "Wrong number", "invalid_number", "recipient"),
    Status(23, "Запрещено", "Forbidden", "rejected", "sender"),
    Status(24, "Недостаточно средств", "Not enough money", "no_funds", "account"),
    Status(25, "Недоступный номер", "Unreachable number", "undeliverable", "provider"),
)

_ERRS: Final = (
    Err(0, "Нет ошибки", "No error", ""),
    Err(1, "Абонент не существует", "No such subscriber", "recipient"),
    Err(2, "Переполнен почтовый ящик", "Mailbox full", "recipient"),
    Err(3, "Сервер получателя не найден", "Recipient's mail domain not found", "recipient"),
    Err(4, "Почтовый ящик заблокирован", "Mailbox blocked", "recipient"),
    Err(6, "Абонент не в сети", "Phone off or out of coverage", "recipient"),
    Err(11, "Нет услуги SMS", "Cannot take SMS", "recipient"),
    Err(12, "Ошибка в телефоне абонента", "Handset or SIM error", "recipient"),
    Err(13, "Абонент заблокирован", "Subscriber barred", "recipient"),
    Err(21, "Нет поддержки сервиса", "Handset lacks the service", "recipient"),
    Err(200, "Виртуальная отправка", "Test mode, nothing is really sent", "account"),
    Err(219, "Замена sim-карты", "SIM card replaced", "operator"),
    Err(220, "Переполнена очередь у оператора", "Operator's queue full", "operator"),
    Err(237, "Абонент не отвечает", "Call not answered", "recipient"),
    Err(238, "Нет шаблона", "Text matches no allowed template", "sender", refusal=True),
    Err(239, "Запрещенный ip-адрес", "Sending address not allowed", "account", refusal=True),
    Err(240, "Абонент занят", "Line busy or call refused", "recipient"),
    Err(241, "Ошибка конвертации", "Conversion failed", "provider"),
    Err(242, "Зафиксирован автоответчик", "Answering machine", "recipient"),
    Err(243, "Не заключен договор", "Bulk sending without a contract", "account", refusal=True),
    Err(244, "Рассылка запрещена", "Bulk sending or link forbidden", "account", refusal=True),
    Err(245, "Статус не получен", "No delivery report within a day", "operator"),
    Err(246, "Ограничение по времени", "Outside own sending hours", "account", refusal=True),
    Err(247, "Превышен лимит сообщений", "Own daily limit reached", "account", refusal=True),
    Err(248, "Нет маршрута", "No route", "provider"),
    Err(249, "Неверный формат номера", "Wrong number format", "recipient"),
    Err(250, "Номер запрещен настройками", "Barred by own settings", "account", refusal=True),
    Err(251, "Превышен лимит на один номер", "Per-number limit reached", "account", refusal=True),
    Err(252, "Номер запрещен", "Number barred by the provider", "provider", refusal=True),
    Err(253, "Запрещено спам-фильтром", "Spam filter", "sender", refusal=True),
    Err(254, "Незарегистрированный sender id", "Sender not registered", "account", refusal=True),
    Err(255, "Отклонено оператором", "Refused by the operator", "operator", refusal=True),
)

_TYPES: Final = (
    Type(0, "sms", "SMS", "SMS"),
    Type(1, "flash", "Flash-SMS", "Flash SMS"),
    Type(2, "binary", "Бинарное SMS", "Binary SMS"),
    Type(3, "wap_push", "Wap-push", "WAP push"),
    Type(4, "hlr", "HLR-запрос", "HLR request"),
    Type(5, "ping", "Ping-SMS", "Silent SMS"),
    Type(6, "mms", "MMS", "MMS"),
    Type(7, "call", "Голосовой звонок", "Voice call"),
    Type(8, "email", "E-mail", "E-mail"),
    Type(10, "viber", "Viber", "Viber"),
    Type(12, "social", "Социальные сети", "Social networks"),
)

_API_CODES: Final = (
    ApiCode(1, "bad_parameters", "Ошибка в параметрах", "Wrong parameters"),
    ApiCode(2, "refused", "Неверный логин или пароль", "Login refused"),
    ApiCode(3, "not_found", "Сообщение не найдено", "Nothing found"),
    ApiCode(4, "blocked", "IP-адрес временно заблокирован", "Address blocked for a while"),
    ApiCode(5, "unknown_error", "Ошибка удаления или сохранения", "Deleting or saving failed"),
    ApiCode(6, "unknown_error", "Сообщение запрещено", "Message forbidden"),
    ApiCode(7, "unknown_error", "Неверный формат номера", "Wrong number format"),
    ApiCode(8, "unknown_error", "Сообщение не может быть доставлено", "Cannot be delivered"),
    ApiCode(9, "over_limit", "Слишком много запросов", "Too many requests"),
)

STATUSES: Final = MappingProxyType({status.code: status for status in _STATUSES})
ERRS: Final = MappingProxyType({err.code: err for err in _ERRS})
TYPES: Final = MappingProxyType({kind.code: kind for kind in _TYPES})
API_CODES: Final = MappingProxyType({code.code: code for code in _API_CODES})
CHANNELS: Final = (*(kind.channel for kind in _TYPES), "other")
"""Every channel, in the order of the type codes."""

_REFUSALS: Final = frozenset(err.code for err in _ERRS if err.refusal)
_OUTCOME_BY_STATUS: Final = {status.code: status.outcome for status in _STATUSES}
_CHANNEL_BY_TYPE: Final = {kind.code: kind.channel for kind in _TYPES}
_PROGRESS: Final = frozenset({(1, 2), (1, 4), (2, 4), (4, 2)})


def is_final(status: int) -> bool:
    """Whether a message in this status has come to its end; an unknown status has."""
    return status not in PENDING


def outcome(status: int, err: int = 0) -> Outcome:
    """What a status means for the message; ``err`` tells a refusal from a loss."""
    if status == 20 and err in _REFUSALS:
        return "rejected"
    return _OUTCOME_BY_STATUS.get(status, "unknown")


def owner(status: int, err: int = 0) -> Owner:
    """The side to look at first; empty when nothing failed or the code is unknown."""
    if err:
        return ERRS[err].owner if err in ERRS else ""
    return STATUSES[status].owner if status in STATUSES else ""


def is_progress(old: int, new: int) -> bool:
    """Whether a delivered message was read or clicked, which takes nothing back."""
    return (old, new) in _PROGRESS


def channel_of(kind: int) -> str:
    """Channel of a ``type`` code; ``other`` when unknown."""
    return _CHANNEL_BY_TYPE.get(kind, "other")


def status_name(code: int, language: Language = "english") -> str:
    """Name of a status; the number itself when unknown."""
    return str(getattr(STATUSES[code], language)) if code in STATUSES else str(code)


def err_name(code: int, language: Language = "english") -> str:
    """Name of an error code; the number itself when unknown."""
    return str(getattr(ERRS[code], language)) if code in ERRS else str(code)
