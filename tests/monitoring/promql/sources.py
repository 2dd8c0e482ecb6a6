"""All that is linted: the rules, the dashboards and the runbooks of the repository."""

from functools import cache

from tests.monitoring.promql import boards, rulefiles
from tests.monitoring.promql.boardqueries import board_findings
from tests.monitoring.promql.conventions import rule_findings
from tests.monitoring.promql.findings import Finding
from tests.monitoring.promql.queries import query_findings
from tests.monitoring.promql.runbooks import pages
from tests.monitoring.promql.series import Known


@cache
def known() -> Known:
    """Every series of the exporter and of the rules."""
    return rulefiles.with_rules(rulefiles.committed())


@cache
def of_rules() -> tuple[Finding, ...]:
    """What is wrong with the rules."""
    return tuple(rule_findings(rulefiles.committed()))


@cache
def of_boards() -> tuple[Finding, ...]:
    """What is wrong with the dashboards."""
    return tuple(found for board in boards.committed() for found in board_findings(board, known()))


@cache
def of_runbooks() -> tuple[Finding, ...]:
    """What is wrong with queries of the runbooks."""
    return tuple(
        found
        for page in pages()
        for query in page.queries
        for found in query_findings(query, known(), page.name)
    )
