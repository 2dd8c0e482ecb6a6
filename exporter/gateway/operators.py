"""Names of operators and senders as label values: one spelling each, bounded, naming nobody."""

import re
import unicodedata


UNKNOWN_OPERATOR = "unknown"
NUMBER_SENDER = "number"
"""Stands for every sender that is a phone number."""
NAME_LIMIT = 64
"""Most characters of a cleaned name."""
PHONE_DIGITS = 7
"""So many digits make a value look like a phone number."""

_SPELLINGS = {
    "megafon": ("мегафон", "megafon", "мегафон россия"),
    "beeline": ("билайн", "beeline", "вымпелком", "vimpelcom", "beeline kz", "билайн казахстан"),
    "mts": ("мтс", "mts", "мобильные телесистемы", "мтс россия"),
    "tele2": ("теле2", "теле 2", "tele2", "tele 2", "т2", "t2", "т2 мобайл", "t2 мобайл"),
    "yota": ("йота", "yota", "скартел"),
    "rostelecom": ("ростелеком", "rostelecom"),
    "motiv": ("мотив", "motiv", "екатеринбург-2000"),
    "sbermobile": ("сбермобайл", "сбер мобайл", "sbermobile"),
    "t-mobile ru": ("т-мобайл", "тинькофф мобайл", "т-банк мобайл", "tinkoff mobile"),
    "tattelecom": ("таттелеком", "летай", "tattelecom"),
    "win mobile": ("вин мобайл", "win mobile", "win-mobile", "к-телеком"),
    "volna": ("волна", "волна мобайл", "volna", "ктк телеком"),
    "krymtelecom": ("крымтелеком", "krymtelecom"),
    "mtt": ("мтт", "mtt"),
    "vainakh telecom": ("вайнах телеком", "вайнахтелеком", "vainakh telecom"),
    "phoenix": ("феникс", "phoenix"),
    "mkts": ("мктс", "mkts"),
    "kyivstar": ("киевстар", "київстар", "kyivstar", "kievstar"),
    "vodafone": ("водафон", "vodafone", "vodafone украина", "vodafone ukraine", "мтс украина"),
    "lifecell": ("лайфселл", "lifecell", "астелит"),
    "life": ("лайф", "life", "life:)", "бест", "белорусская сеть телекоммуникаций"),
    "3mob": ("тримоб", "3mob", "trimob"),
    "intertelecom": ("интертелеком", "интертелком", "intertelecom"),
    "peoplenet": ("пиплнет", "peoplenet"),
    "kcell": ("кселл", "kcell", "к-селл", "gsm казахстан"),
    "activ": ("актив", "activ"),
    "altel": ("алтел", "altel", "алтел 4g"),
    "izi": ("изи", "izi"),
    "a1": ("а1", "a1", "велком", "velcom"),
    "beltelecom": ("белтелеком", "beltelecom"),
}
_LATIN = {name: latin for latin, names in _SPELLINGS.items() for name in names}
_LEGAL = (
    "ооо|оао|пао|зао|нао|ао|тоо|ип|чао|прат|тов|уп|суп|одо|иооо|"
    "llc|ltd|inc|jsc|pjsc|ojsc|cjsc|plc|gmbh|llp"
)
_LEGAL_FORM = re.compile(rf"^(?:{_LEGAL})\.?\s+|[\s,]+(?:{_LEGAL})\.?$")
_QUOTES = str.maketrans("", "", "\"'`«»“”„‘’‹›")
_DIGITS = re.compile(r"\d")
_NETWORK = re.compile(r"[0-9]{4,7}")
_DOMAIN = re.compile(r"@\s*([\w.-]+)")


def clean(raw: str, limit: int = NAME_LIMIT) -> str:
    """Trim, collapse white space, drop control characters and lone surrogates, cut to ``limit``."""
    if not raw.isprintable():
        raw = "".join(
            " " if char.isspace() else "" if unicodedata.category(char)[0] == "C" else char
            for char in raw
        )
    return " ".join(raw.split())[:limit].rstrip()


def looks_like_phone(text: str) -> bool:
    """Whether a value has enough digits to be somebody's number."""
    return len(_DIGITS.findall(text)) >= PHONE_DIGITS


def network_of(raw: str) -> str:
    """A network code (``mccmnc``) as its digits; empty when it is none."""
    code = raw.strip()
    return code if _NETWORK.fullmatch(code) else ""


def operator_of(name: str, mccmnc: str = "") -> str:
    """An operator's name as label value: lower case, without quotes and legal form, Latin if known.

    Falls back to the network code when there is no name, and to `UNKNOWN_OPERATOR` without either.
    """
    plain = clean(name.translate(_QUOTES)).casefold()
    plain = clean(_LEGAL_FORM.sub("", plain) or plain)
    if not plain or looks_like_phone(plain):
        return network_of(mccmnc) or UNKNOWN_OPERATOR
    return _LATIN.get(plain, plain)


def sender_of(raw: str) -> str:
    """A sender's name as label value; a phone gives `NUMBER_SENDER`, a mailbox its ``@domain``."""
    sender = clean(raw, limit=4 * NAME_LIMIT)
    mailbox = _DOMAIN.findall(sender)
    if mailbox:
        sender = "@" + mailbox[-1].casefold().strip(".")
    elif "@" in sender:
        sender = "@"
    return NUMBER_SENDER if looks_like_phone(sender) else sender[:NAME_LIMIT].rstrip()


def region_of(raw: str) -> str:
    """A region's name, trimmed and bounded; empty when it looks like a phone number."""
    region = clean(raw, limit=2 * NAME_LIMIT)
    return "" if looks_like_phone(region) else region
