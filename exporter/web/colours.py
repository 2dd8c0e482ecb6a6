"""Colours of what the charts show, on light and on dark grounds; the dashboards use the same."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


OTHER: Final = "other"
"""Colour of whatever has none of its own."""
COLOURS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "delivered": ("#2f9e44", "#51cf66"),
        "pending": ("#d9a900", "#ffd43b"),
        "undeliverable": ("#f2820d", "#ffa94d"),
        "expired": ("#b54708", "#e8590c"),
        "rejected": ("#d92638", "#ff6b6b"),
        "no_funds": ("#8a3ffc", "#b794f6"),
        "invalid_number": ("#79828d", "#868e96"),
        "cancelled": ("#b4bcc6", "#ced4da"),
        "unknown": ("#2b6cd4", "#6ea8fe"),
        "head": ("#2b6cd4", "#6ea8fe"),
        "window": ("#0f8a8a", "#3bc9c9"),
        "lookup": ("#8a3ffc", "#b794f6"),
        "backfill": ("#a07a3f", "#d8b273"),
        "retry": ("#f2820d", "#ffa94d"),
        "failed": ("#d92638", "#ff6b6b"),
        "age-0-5m": ("#5b9bf0", "#a5d0ff"),
        "age-5m-1h": ("#d9a900", "#ffd43b"),
        "age-1h-24h": ("#f2820d", "#ffa94d"),
        "age-24h": ("#d92638", "#ff6b6b"),
        OTHER: ("#79828d", "#868e96"),
    }
)
"""Name to its colour on a light and on a dark ground."""


def coloured(name: str) -> str:
    """The class of what has this name, whatever it is: safe in a page."""
    return f"c-{name if name in COLOURS else OTHER}"


def colour_style() -> str:
    """The classes, as CSS: each sets the variable ``--c``."""
    light, dark = (
        "\n".join(f".c-{name} {{ --c: {pair[ground]}; }}" for name, pair in COLOURS.items())
        for ground in (0, 1)
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
