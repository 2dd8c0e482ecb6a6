"""Rules with one thing taken out of them, to see that a unit test notices.

``python -m tests.monitoring.scenarios.mutants [--alerts] [--sample N] [RULE...]`` prints what
survives. It takes minutes for a rule, an hour or two for all; a sample of them takes less.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import promql_parser as promql
import yaml
from promql_parser import Expr

from exporter.monitoring.rules import rule_file, rule_groups
from exporter.monitoring.thresholds import Thresholds
from tests.monitoring.scenarios.case import File, Fires
from tests.monitoring.scenarios.files import FILES


ROOT = Path(__file__).resolve().parents[3]
PROMTOOL = ROOT / "var/tools/bin/promtool"
FACTORS = (0.5, 2.0)
TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
SEED = 1
"""Of the choice of a sample."""
_MATCHER = re.compile(r'\w+(?:=~|!~|!=|=)"[^"]*"')

Rule = dict[str, Any]


def name_of(rule: Rule) -> str:
    """What a rule is called, recordings with their labels."""
    labels = ",".join(rule.get("labels", {}).values()) if "record" in rule else ""
    return f"{rule.get('alert') or rule['record']}{f'[{labels}]' if labels else ''}"


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Each rule with one thing changed, and what that is."""
    for key in ("for", "keep_firing_for"):
        if key in rule:
            yield f"without {key}", {name: value for name, value in rule.items() if name != key}
    if "for" in rule:
        for factor in FACTORS:
            wait = round(promql.parse_duration(rule["for"]).total_seconds() * factor)
            yield f"for * {factor:g}", rule | {"for": f"{wait}s"}
    tree, changes = promql.parse(rule["expr"]), dict[str, str]()
    for what, text in (*variants(tree), *_without_matchers(str(tree))):
        changes.setdefault(text, what)
    for text, what in changes.items():
        yield what, rule | {"expr": text}


def _without_matchers(expr: str) -> Iterator[tuple[str, str]]:
    """The expression without a condition on a label, wherever it stands."""
    for matcher in dict.fromkeys(_MATCHER.findall(expr)):
        inside = re.escape(matcher)
        text = re.sub(rf"(?<=[{{,]){inside},|,{inside}(?=[,}}])|(?<={{){inside}(?=}})", "", expr)
        yield f"without {matcher}", text


def variants(node: Expr) -> Iterator[tuple[str, str]]:
    """The expression with one thing changed, somewhere."""
    yield from _changed(node)
    whole = str(node)
    for child in _children(node):
        inside = str(child)
        for what, text in variants(child):
            yield what, whole.replace(inside, text, 1)


def _changed(node: Expr) -> Iterator[tuple[str, str]]:
    match node:
        case promql.BinaryExpr():
            yield from _changed_operation(node)
        case promql.VectorSelector() if " offset " in str(node):
            yield "without offset", str(node).partition(" offset ")[0]
        case promql.MatrixSelector():
            yield from _changed_range(str(node))
        case promql.AggregateExpr():
            yield from _changed_aggregation(str(node))
        case promql.Call() if node.func.name.startswith(("clamp", "max_over", "abs")):
            inside = node.args[0]
            whole = inside.vector_selector if isinstance(inside, promql.MatrixSelector) else inside
            yield f"without {node.func.name}", f"({whole})"


def _changed_operation(node: Any) -> Iterator[tuple[str, str]]:
    operation = str(node.op)
    if operation in {"and", "unless", "or"}:
        yield f"without {operation} {node.rhs}", f"({node.lhs})"
    if operation == "or":
        yield f"without {node.lhs} or", f"({node.rhs})"
    if operation in {*TURNED, "=="}:
        yield f"without {operation} {node.rhs}", f"({node.lhs})"
    if operation in TURNED:
        yield f"{TURNED[operation]} {node.rhs}", _turned(node)
    for side in (node.lhs, node.rhs):
        if isinstance(side, promql.NumberLiteral) and side.val not in {0, 1}:
            for factor in FACTORS:
                before, after = str(node.lhs), str(node.rhs)
                middle = str(node)[len(before) : -len(after)]
                number = f"{side.val * factor:g}"
                ends = (number, after) if side is node.lhs else (before, number)
                yield f"{side.val:g} * {factor:g}", middle.join(ends)


def _turned(node: Any) -> str:
    """The comparison the other way round."""
    before, after = str(node.lhs), str(node.rhs)
    middle = str(node)[len(before) : -len(after)]
    operation = str(node.op)
    return f"{before}{middle.replace(operation, TURNED[operation], 1)}{after}"


def _changed_range(text: str) -> Iterator[tuple[str, str]]:
    found = re.search(r"\[(\w+)\]", text)
    if found:
        seconds = promql.parse_duration(found[1]).total_seconds()
        for factor in (1 / 3, 3):
            changed = f"[{round(seconds * factor)}s]"
            yield f"{found[0]} * {factor:.2g}", text.replace(found[0], changed, 1)


def _changed_aggregation(text: str) -> Iterator[tuple[str, str]]:
    for one, other in (("max by", "min by"), ("min by", "max by")):
        if text.startswith(one):
            yield f"{other}", other + text.removeprefix(one)


def _children(node: Expr) -> Sequence[Expr]:
    match node:
        case promql.BinaryExpr():
            return (node.lhs, node.rhs)
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.AggregateExpr():
            return (node.expr,)
        case promql.MatrixSelector():
            return (node.vector_selector,)
        case promql.Call():
            return tuple(node.args)
    return ()


class Suite:
    """The test files, each run with no more rules than what is asked about needs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def notices(self, name: str, mutant: Rule) -> bool:
        """Whether some test fails with the mutant in place of the rule ``name``."""
        files = [_about(file, name) if "alert" in mutant else file for file in FILES]
        concerned = [file for file in files if file and name in map(name_of, _rules(file))]
        return any(not self.passes(file, name, mutant) for file in concerned)

    def passes(self, file: File, name: str = "", mutant: Rule | None = None) -> bool:
        """Whether the tests of a file pass, with one rule changed."""
        groups = [
            {
                **group,
                "rules": [mutant if name_of(rule) == name else rule for rule in group["rules"]],
            }
            for group in file.groups()
        ]
        (self._folder / "rules.yml").write_text(rule_file(groups))
        test = yaml.safe_load(file.texts()[f"{file.name}.yml"]) | {"rule_files": ["rules.yml"]}
        path = self._folder / "test.yml"
        path.write_text(yaml.safe_dump(test))
        command = [str(PROMTOOL), "test", "rules", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _about(file: File, alert: str) -> File | None:
    """The file with what it asks about one alert."""
    if alert not in file.alerts:
        return None
    cases = [
        replace(case, checks=[c for c in case.checks if isinstance(c, Fires) and c.alert == alert])
        for case in file.cases
    ]
    return replace(file, cases=cases)


def _rules(file: File) -> list[Rule]:
    return [rule for group in file.groups() for rule in group["rules"]]


def main() -> None:
    """Print every mutant that no test notices, and how many were tried."""
    asked = _arguments()
    tried = unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(Path(folder))
        for rule in _chosen(asked.rules, alerts=asked.alerts):
            name = name_of(rule)
            if suite.notices(name, rule):
                sys.exit(f"tests of {name} fail as it is")
            changes = _some(list(mutants(rule)), asked.sample)
            alive = [what for what, mutant in changes if not suite.notices(name, mutant)]
            tried, unnoticed = tried + len(changes), unnoticed + len(alive)
            _say(f"{name}: {len(changes) - len(alive)} of {len(changes)} noticed")
            for what in alive:
                _say(f"    {what}")
    _say(f"{tried - unnoticed} of {tried} noticed")


def _chosen(names: Sequence[str], *, alerts: bool) -> Iterator[Rule]:
    """Rules whose names begin like one of these, all of them when there are none."""
    for group in rule_groups(Thresholds()):
        for rule in group["rules"]:
            named = not names or name_of(rule).startswith(tuple(names))
            if named and ("alert" in rule or not alerts):
                yield rule


def _some(changes: list[tuple[str, Rule]], most: int | None) -> list[tuple[str, Rule]]:
    return changes if most is None else Random(SEED).sample(changes, min(most, len(changes)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.monitoring.scenarios.mutants", description=__doc__
    )
    parser.add_argument("rules", nargs="*", metavar="RULE", help="what the rules' names begin with")
    parser.add_argument("--alerts", action="store_true", help="leave recording rules as they are")
    parser.add_argument("--sample", type=int, metavar="N", help="no more than N mutants of a rule")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
