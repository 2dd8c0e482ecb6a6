"""Runbooks say what is true: alerts, queries, commands, panels and words on them exist."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer.main
from pydantic import BaseModel
from typer.core import TyperGroup

from exporter.cli import app
from exporter.config.models import Account, Budget, LabelsConfig
from exporter.gateway.codes import ERRS
from exporter.ledger.errors import LedgerError
from exporter.monitoring.thresholds import Thresholds
from tests.monitoring.promql import boards, rulefiles, sources
from tests.monitoring.promql.findings import standing
from tests.monitoring.promql.parsing import parse
from tests.monitoring.promql.runbooks import INDEX, Page, pages
from tests.monitoring.promql.tree import selectors
from tests.monitoring.promql.values import VALUES


SECTIONS = (
    "What it means",
    "Confirm",
    "Likely causes",
    "What to do",
    "Whom to call",
    "When to ignore it",
    "When it is over",
)
SIDES = ("recipient", "sender", "account", "operator", "provider", "exporter")
ABSENT = ("Nobody", "Whoever")
LONGEST = 100
"""Lines of a page that somebody reads at night."""
OTHER_WORDS = {"/", "/status", "/-/healthy", "kind=", "int_id", "curl", "other", "XX", "smsc", "ok"}
SEVERITIES = {
    found.rule.alert: found.rule.labels.get("severity", "")
    for found in rulefiles.placed(rulefiles.committed())
    if found.rule.alert
}
ALERTS = tuple(page for page in pages() if page.name != INDEX)
INDEX_PAGE = next(page for page in pages() if page.name == INDEX)
EVERY = pytest.mark.parametrize("page", ALERTS, ids=lambda page: page.name)

_ITALIC = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)(?: on the (\w+) board)?")


def commands(page: Page) -> Iterator[list[str]]:
    """Calls of the program that a page shows, as the shell would split them."""
    for block in re.findall(r"^```sh\n(.*?)^```$", page.text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line.partition("|")[0])
            if words[0] == "smsc-exporter":
                yield words[1:]


def program() -> TyperGroup:
    """The program's commands."""
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def flags() -> Iterator[str]:
    """Every spelling of the commands' flags."""
    for command in program().commands.values():
        yield from (flag for parameter in command.params for flag in parameter.opts)


def keys_of(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    """Dotted keys of a section of settings."""
    return (f"{prefix}.{name}" for name in model.model_fields)


def words_that_exist() -> set[str]:
    """Whatever may stand between backticks."""
    known = sources.known()
    limits = (
        key
        for name, field in Thresholds.model_fields.items()
        if isinstance(field.annotation, type)
        for key in keys_of(name, field.annotation)
    )
    return {
        *known,
        *(label for series in known.values() for label in series.labels.names),
        *(value for values in VALUES.values() for value in values),
        *limits,
        *keys_of("budget", Budget),
        *keys_of("labels", LabelsConfig),
        *Account.model_fields,
        *(error.kind for error in LedgerError.__subclasses__()),
        *program().commands,
        *flags(),
        *OTHER_WORDS,
    }


def test_each_alert_has_its_page() -> None:
    """Nobody who is woken finds an empty address, and no page tells of an alert that is gone."""
    assert {page.name for page in ALERTS} == set(SEVERITIES)
    assert len(ALERTS) > 20


@EVERY
def test_pages_are_built_alike(page: Page) -> None:
    """Each page has the same sections in the same order, none of them empty, and is short."""
    assert page.text.startswith(f"# {page.name}\n\n**{SEVERITIES[page.name].capitalize()}.** ")
    assert page.headings == SECTIONS
    assert all(page.section(heading) for heading in SECTIONS)
    assert len(page.text.splitlines()) <= LONGEST
    assert page.kinds <= {"promql", "sh"}


@EVERY
def test_pages_say_how_to_see_it(page: Page) -> None:
    """Each page confirms its alert with a query."""
    assert "```promql" in page.section("Confirm")


@EVERY
def test_pages_say_whom_to_call(page: Page) -> None:
    """Each page names a side that acts, or says that nobody is to be woken."""
    told = page.section("Whom to call")
    assert any(f"The {side}" in told or f"the {side}" in told for side in SIDES) or (
        told.startswith(ABSENT)
    )


@EVERY
def test_critical_pages_never_let_anyone_sleep_on(page: Page) -> None:
    """Whoever is paged has somebody to call."""
    if SEVERITIES[page.name] == "critical":
        assert not page.section("Whom to call").startswith("Nobody")


@EVERY
def test_queries_are_introduced(page: Page) -> None:
    """Before each query stands what its numbers are."""
    before = re.findall(r"^(.*)\n\n```promql$", page.text, re.MULTILINE)
    assert len(before) == len(page.queries)
    assert [line for line in before if not line.endswith(":")] == []


def test_queries_are_clean() -> None:
    """Each query can be pasted as it is: it parses and keeps every rule of the lint."""
    assert standing(sources.of_runbooks()) == []
    assert sum(len(page.queries) for page in ALERTS) > 60


@EVERY
def test_queries_need_no_editing(page: Page) -> None:
    """Nobody has to fill in an account, an operator or a variable at night."""
    for query in page.queries:
        assert "$" not in query
        for found in selectors(parse(query)):
            fixed = {matcher.label for matcher in found.matchers}
            assert not fixed & {"account", "operator", "sender", "country", "instance"}, query


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_commands_are_understood(page: Page) -> None:
    """The program takes each call as it is shown."""
    for name, *arguments in commands(page):
        program().commands[name].make_context(name, arguments)


def test_some_commands_are_shown() -> None:
    """The pages do send people to the program."""
    assert {call[0] for page in pages() for call in commands(page)} >= {
        "messages",
        "doctor",
        "explain",
        "check-config",
    }


@EVERY
def test_words_marked_as_code_exist(page: Page) -> None:
    """Labels, values, settings and limits of alerts are spelt as the programs spell them."""
    spans = [span for span in page.spans if not span.startswith("smsc-exporter ")]
    assert sorted(set(spans) - words_that_exist()) == []


@EVERY
def test_panels_exist(page: Page) -> None:
    """A panel that a page sends people to is on that board."""
    titles = {
        board.uid: {str(panel.data.get("title")) for panel in board.panels}
        for board in boards.committed()
    }
    for title, board in _ITALIC.findall(page.prose):
        on = titles[f"smsc-{board.lower()}"] if board else set().union(*titles.values())
        assert title in on, f"{title} on {board or 'any board'}"


def test_the_index_tells_every_alert_with_its_severity() -> None:
    """The table of alerts is complete and as urgent as the alerts are."""
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", INDEX_PAGE.text, re.MULTILINE)
    assert {name: severity for name, _, severity in rows} == SEVERITIES
    assert all(name == target for name, target, _ in rows)


def test_the_index_tells_every_error_code() -> None:
    """Meaning and side of each code are those of the code."""
    rows = re.findall(
        r"^\| (\d+) \| (.+?) \| (\w+) \|", INDEX_PAGE.section("Error codes"), re.MULTILINE
    )
    assert rows == [(str(err.code), err.english, err.owner) for err in ERRS.values() if err.owner]


def test_the_index_tells_every_side() -> None:
    """Whoever a page says to call is introduced."""
    told = re.findall(r"^\| (\w+) \|", INDEX_PAGE.section("Whom to call"), re.MULTILINE)
    assert tuple(told[1:]) == SIDES
