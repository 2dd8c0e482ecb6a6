"""Numbers on the pages are those that the code goes by."""

from pathlib import Path

import pytest

from exporter.ledger import gaps, logins, pruning
from exporter.polling import (
    decisions,
    display,
    keeper,
    options,
    pricing,
    standing,
    strain,
    traffic,
    trust,
)
from exporter.web import health
from exporter.wiring import FIRST_SYNC_SHARE


WORDS = {3: "three", 10: "ten"}
QUARTERS = {900.0: "a quarter of an hour"}
SHARES = {3: "third"}


def m(seconds: float) -> str:
    """Minutes, as the pages write them."""
    return f"{seconds / 60:g}"


BUDGET = (
    f"pause of {m(standing.LIMITED_FIRST)} minute, doubled each time up to",
    f"up to {m(standing.LIMITED_MOST)} minutes; the limit is lowered",
    f"next try after {m(standing.REFUSED_FIRST)} minutes,",
    f"then every {m(standing.REFUSED_LATER)};",
    f"| {m(standing.BLOCKED)} minutes without a call |",
    f"pause of {standing.FAULT_FIRST:g} s, doubled up to {m(standing.FAULT_MOST)} minutes",
    f"at most once in {m(standing.LEARN_EVERY)} minutes",
    f"never below {standing.LEAST_LEARNED} calls",
    f"for every {m(standing.REGAIN_EVERY)} minutes",
    f"{logins.LOGIN_FAILURES} refused logins in {m(logins.LOGIN_WINDOW)} minutes",
    f"credentials that lose {logins.LOGIN_FAILURES} answers in a row",
    f"When {logins.TURNED_ACCOUNTS} accounts that were accepted",
    f"at most one {SHARES[FIRST_SYNC_SHARE]} of `requests`",
    f"at most one {SHARES[options.FIRST_SHARE]} of the calls",
    f"{QUARTERS[pricing.RARELY]} at most",
    f"up to {trust.LONGEST} numbers",
    f"| up to {strain.NEAR:g} |",
    f"| above {strain.NEAR:g} |",
    f"| above {strain.OVER:g} |",
)
OPERATIONS = (
    f"within {WORDS[health.DEAD_CADENCES]} cadences (and within {health.LEAST_PATIENCE:g} s)",
    f"at least every {keeper.RETRY_MOST:g} s",
    f"the last {display.KEPT_DECISIONS} decisions",
    f"the {WORDS[decisions.MOST_SHOWN]} best calls",
    f"at the rate of the last {QUARTERS[traffic.RATE_MEMORY].removeprefix('a ')}",
)
STATEMENTS = (
    *(("budget.md", statement) for statement in BUDGET),
    *(("operations.md", statement) for statement in OPERATIONS),
    ("counting.md", f"by its last {gaps.TAIL} rows"),
    ("privacy.md", f"at most {WORDS[pruning.ABANDON_AFTER // 86400]} days after"),
)


@pytest.mark.parametrize(("page", "statement"), STATEMENTS)
def test_a_number_on_a_page_is_the_one_in_force(root: Path, page: str, statement: str) -> None:
    """A pause or limit that changes in the code is noticed on the page."""
    text = " ".join((root / "docs" / page).read_text(encoding="utf-8").split())
    assert statement in text
