"""The gateway's codes: which, how many, whose problem, at which operator."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import Panel

from grafana import words
from grafana.charts import bars
from grafana.face import About
from grafana.queries import (
    FAILURES,
    NO_LOOKUPS,
    RANGE,
    SENDER,
    Query,
    altogether,
    explained,
    grown,
    named_error,
    named_status,
    of_all,
    owned,
    per_minute,
    select,
)
from grafana.style import OWNERS, PER_MINUTE, RATIO, colours, for_name, unit
from grafana.tables import BAR, matrix, table, width


FAILED: Final = select(FAILURES, SENDER, NO_LOOKUPS)


def row() -> list[Panel]:
    """Draw them."""
    return [_codes(), _over_time(), _owners(), _operators()]


_CODES: Final = About(
    "Why messages failed in the time range: the final status, the error code and its name, whose"
    " problem it is, how many messages and which share of all failures, and at how many operators.",
    words.FIRST_FINAL,
    f"{words.LOOKUPS} Messages that are still pending have not failed.",
    "recipient: phones off, numbers gone; clean the list. Sender: the text; change the template."
    " Account: money, contract, limits, sender name; look at the cabinet. Operator or provider:"
    " call the gateway's support.",
)


def _codes() -> Panel:
    by = ("status", "err")
    failed = grown(FAILED, RANGE, by)
    operators = f"count by (status, err) ({grown(FAILED, RANGE, (*by, 'operator'))} > 0)"
    named = named_status(explained(FAILED), "state")
    part = of_all(failed, grown(FAILED, RANGE))
    return table(
        {
            "err": "Err",
            "name": "Error",
            "owner": "Whose problem",
            "status": "Status",
            "state": "Ended as",
        },
        Query(named, "Messages"),
        Query(f"{part} > 0", "Share"),
        Query(operators, "Operators"),
        sort="Messages",
        title="Errors by code",
        about=_CODES,
        width=24,
        height=10,
        overrides=_columns(),
        nothing="none failed",
    )


def _columns() -> list[Override]:
    return [
        for_name("Err", width(60)),
        for_name("Status", width(75)),
        for_name("Operators", width(95)),
        for_name("Messages", width(100)),
        for_name("Share", *BAR, *unit(RATIO, 1)),
    ]


_OVER_TIME: Final = About(
    "Failures per minute by error code: the eight most frequent ones of the time range.",
    words.FIRST_FINAL,
    words.LOOKUPS,
    "a new colour is a new problem. Code 0 is a failure that came without a reason.",
)


def _over_time() -> Panel:
    failed = named_error(f"({per_minute(FAILED, ('err',))} > 0)", "name")
    frequent = f"topk(8, {altogether(FAILED, ('err',))})"
    return bars(
        Query(f"{failed} and on (err) {frequent}", "{{err}} {{name}}"),
        title="Failures per minute, by error",
        about=_OVER_TIME,
        unit=PER_MINUTE,
        height=9,
        nothing="none failed",
    )


_OWNERS: Final = About(
    "Failures per minute by the side that has to act. Where the error code is 0 the status"
    " decides.",
    words.FIRST_FINAL,
    f"{words.LOOKUPS} Codes that nobody documented.",
    "grey is ordinary life: phones that are off, numbers that are gone. Every other colour is"
    " somebody's job.",
)


def _owners() -> Panel:
    return bars(
        Query(owned(SENDER, NO_LOOKUPS), "{{owner}}"),
        title="Whose problem",
        about=_OWNERS,
        unit=PER_MINUTE,
        height=9,
        overrides=colours(OWNERS),
        nothing="none failed",
    )


_OPERATORS: Final = About(
    "Failures in the time range, a line for each operator and a column for each error code; the"
    " brighter, the more. The table above has the names of the codes.",
    words.FIRST_FINAL,
    words.LOOKUPS,
    "one bright cell is one operator that refuses one thing; a bright column is a code that all"
    " have: look at the text, the sender name or the money.",
)


def _operators() -> Panel:
    failed = f"sort_desc({grown(FAILED, RANGE, ('operator', 'err'))} > 0)"
    return matrix(
        Query(failed),
        rows="operator",
        columns="err",
        title="Operator by error code",
        about=_OPERATORS,
        width=24,
        nothing="none failed",
    )
