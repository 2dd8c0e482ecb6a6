"""Codes and names as data."""

import pytest

from exporter.gateway import codes
from exporter.gateway.countries import COUNTRIES, country_of
from exporter.gateway.operators import operator_of, region_of, sender_of


REFUSALS = {238, 239, 243, 244, 246, 247, 250, 251, 252, 253, 254, 255}


def test_every_documented_code_is_there() -> None:
    """The tables hold the documented codes and no others."""
    assert set(codes.STATUSES) == {-3, -2, -1, 0, 1, 2, 3, 4, 6, 20, 22, 23, 24, 25}
    assert set(codes.ERRS) == {
        *(0, 1, 2, 3, 4, 6, 11, 12, 13, 21, 200, 219, 220),
        *range(237, 256),
    }
    assert set(codes.TYPES) == {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12}
    assert set(codes.API_CODES) == set(range(1, 10))


def test_every_code_has_two_names_and_an_owner() -> None:
    """Names are there in both languages; every failure has a side to look at."""
    entries: list[codes.Status | codes.Err | codes.Type | codes.ApiCode] = [
        *codes.STATUSES.values(),
        *codes.ERRS.values(),
        *codes.API_CODES.values(),
        *codes.TYPES.values(),
    ]
    for entry in entries:
        assert entry.english.isascii()
        assert isinstance(entry, codes.Type) or any("а" <= char <= "я" for char in entry.russian)
    for err in codes.ERRS.values():
        assert (err.owner in codes.OWNERS) == (err.code != 0)
    for status in codes.STATUSES.values():
        failed = status.outcome not in ("delivered", "pending", "unknown")
        assert (status.owner in codes.OWNERS) == failed


@pytest.mark.parametrize("status", [*codes.STATUSES, 5, 99, -9])
def test_only_three_statuses_are_pending(status: int) -> None:
    """Every status but stopped, waiting and passed on is final, unknown ones too."""
    assert codes.is_final(status) == (status not in (-2, -1, 0))


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        ("delivered", (1, 2, 4)),
        ("expired", (3,)),
        ("undeliverable", (20, 25)),
        ("invalid_number", (22,)),
        ("rejected", (6, 23)),
        ("no_funds", (24,)),
        ("cancelled", (-2,)),
        ("pending", (-1, 0)),
        ("unknown", (-3, 5, 7, 99)),
    ],
)
def test_each_status_has_one_outcome(outcome: str, statuses: tuple[int, ...]) -> None:
    """The outcome table, status by status; a code of refusal matters for 20 alone."""
    for status in statuses:
        assert codes.outcome(status, 6) == outcome
        assert codes.outcome(status, 254) == ("rejected" if status == 20 else outcome)
    assert outcome in codes.OUTCOMES


def test_refusals_are_rejections() -> None:
    """Status 20 is a rejection with exactly these codes."""
    rejected = {err for err in range(300) if codes.outcome(20, err) == "rejected"}
    assert rejected == REFUSALS


def test_progress_is_reading_and_clicking() -> None:
    """Only these changes of a final status take nothing back."""
    every = [(old, new) for old in codes.STATUSES for new in codes.STATUSES]
    progress = {(old, new) for old, new in every if codes.is_progress(old, new)}
    assert progress == {(1, 2), (1, 4), (2, 4), (4, 2)}


def test_channels_and_names_of_unknown_codes() -> None:
    """An unknown type is other; an unknown code is called by its number."""
    assert [codes.channel_of(kind) for kind in (0, 8, 9, 10, 12, -1)] == [
        *("sms", "email", "other", "viber", "social", "other"),
    ]
    assert codes.status_name(1, "russian") == "Доставлено"
    assert codes.status_name(99) == "99"
    assert codes.err_name(254) == "Sender not registered"
    assert codes.err_name(236, "russian") == "236"
    assert codes.owner(20, 254) == "account"
    assert codes.owner(24) == "account"
    assert codes.owner(20, 236) == ""


@pytest.mark.parametrize(
    ("network", "country"),
    [
        *(("25002", "RU"), ("25503", "UA"), ("401", "KZ"), ("25704", "BY"), ("221", "XK")),
        *(("310260", "US"), ("316010", "US"), ("34001", "GP"), ("28967", "GE"), ("90101", "XX")),
        *(("", "XX"), ("2", "XX"), ("abc", "XX"), ("99999", "XX")),
    ],
)
def test_countries_come_from_the_network(network: str, country: str) -> None:
    """The first three digits name the country; what is unknown or international is XX."""
    assert country_of(network) == country


def test_country_table_is_well_formed() -> None:
    """Three digits to two capitals, each region of the world with its own first digit."""
    assert all(len(mcc) == 3 and mcc.isdigit() for mcc in COUNTRIES)
    assert all(len(iso) == 2 and iso.isupper() for iso in COUNTRIES.values())
    assert len(COUNTRIES) > 230
    assert {mcc[0] for mcc in COUNTRIES} == set("234567")


@pytest.mark.parametrize(
    ("name", "operator"),
    [
        *(("МегаФон", "megafon"), ('ПАО "МегаФон"', "megafon"), (" МТС ", "mts"), ("Т2", "tele2")),
        *(("ООО «Т2 Мобайл»", "tele2"), ("Kyivstar", "kyivstar"), ("Київстар", "kyivstar")),
        *(
            ("Tele  2", "tele2"),
            ("A1", "a1"),
            ("ТОО Кселл", "kcell"),
            ("Мой  Оператор", "мой оператор"),
        ),
        *(("", "25002"), ("  ", "25002"), ("+7 916 123-45-67", "25002"), ("x" * 99, "x" * 64)),
        *(
            ("ab\x00c\u200b", "abc"),
            ("a\nb", "a b"),
            ("ООО", "ооо"),
            ("Orange SA, Ltd.", "orange sa"),
        ),
    ],
)
def test_operators_have_one_spelling(name: str, operator: str) -> None:
    """Quotes, legal forms, case and alphabet make no second operator."""
    assert operator_of(name, "25002") == operator


def test_nameless_operator_without_network_is_unknown() -> None:
    """There is always a value."""
    assert operator_of("", "") == "unknown"
    assert operator_of("", "79161234567") == "unknown"


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        *(("SHOP", "SHOP"), (" My  Bank ", "My Bank"), ("79161234567", "number"), ("", "")),
        *(("+7 (916) 123-45-67", "number"), ("8800", "8800"), ("٧٩١٦١٢٣٤٥٦٧", "number")),
        *(
            ("Shop <info@Mail.Example>", "@mail.example"),
            ("79161234567@sms.example", "@sms.example"),
        ),
        *(("x@", "@"), ("a@79161234567.ru", "number"), ("x" * 300, "x" * 64), ("a\x07b", "ab")),
    ],
)
def test_senders_name_nobody(raw: str, sender: str) -> None:
    """Numbers and mailboxes are cut down; names stay."""
    assert sender_of(raw) == sender


def test_regions_that_look_like_phones_are_dropped() -> None:
    """A region is a place."""
    assert region_of(" г.Москва ") == "г.Москва"
    assert region_of("79161234567") == ""
