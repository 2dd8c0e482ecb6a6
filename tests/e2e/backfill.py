"""Fills a real Prometheus with a past: scrapes as OpenMetrics, blocks of them, recorded rules."""

import re
import signal
import subprocess
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from tests.e2e.lengths import length, seconds
from tests.e2e.servers import Prometheus


BLOCK = "162h"
"""Longest block: one of Prometheus' own sizes, of fewer minutes than a query may give points."""
KEPT = (
    "--storage.tsdb.retention.time=100y",
    "--storage.tsdb.min-block-duration=2h",
    "--storage.tsdb.max-block-duration=2h",
    "--no-storage.tsdb.allow-overlapping-compaction",
)
"""Flags of a Prometheus that leaves its blocks as they are."""
_NAME_OF = re.compile(r"[{ ]")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

Rule = Mapping[str, Any]
Groups = Sequence[Mapping[str, Any]]


class Keeping(Prometheus):
    """A Prometheus that scrapes nothing and answers for the blocks in a folder."""

    def __init__(self, binary: Path, folder: Path, data: Path) -> None:
        super().__init__(binary, folder, "")
        (folder / "prometheus.yml").write_text("{}\n")
        kept = [each for each in self._command if "storage.tsdb.path" not in each]
        self._command = [*kept, f"--storage.tsdb.path={data}", *KEPT]

    def start(self) -> None:
        """Start and wait until it answers."""
        super().start()
        self.await_text("/-/ready", lambda text: "Ready" in text, 120)


class Scribe:
    """Writes pages into a file that promtool makes blocks of, while the block runs."""

    def __init__(self, path: Path, names: Container[str] | None = None) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._names = names
        """Of the samples that are written; all when None."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the file."""
        self._file.write("# EOF\n")
        self._file.close()

    def scrape(self, page: str | None, at: float) -> None:
        """A scrape at a Unix time, with its ``up``; without a page it failed."""
        self._file.write(f"up {0 if page is None else 1} {at:.3f}\n")
        end = f" {at:.3f}\n"
        self._file.writelines(
            line + end
            for line in (page or "").splitlines()
            if not line.startswith("#") and self._is_wanted(line)
        )

    def _is_wanted(self, line: str) -> bool:
        return self._names is None or _NAME_OF.split(line, 1)[0] in self._names


def create_blocks(promtool: Path, text: Path, data: Path, labels: Mapping[str, str]) -> None:
    """Make blocks of an OpenMetrics file, each series with these labels besides its own."""
    added = [f"--label={name}={value}" for name, value in labels.items()]
    _run(promtool, "openmetrics", "--quiet", *added, str(text), str(data))


def record(
    promtool: Path, server: Prometheus, groups: Groups, span: tuple[float, float], data: Path
) -> None:
    """Evaluate recording rules over a past that the server knows, level by level.

    The server is ended and started after each level, because a rule reads the levels below.
    """
    for level in levels(groups):
        path = data.parent / "level.yml"
        path.write_text(yaml.safe_dump({"groups": level}), encoding="utf-8")
        start, end = (f"--{name}={at:.0f}" for name, at in zip(("start", "end"), span, strict=True))
        _run(
            promtool, "rules", f"--url={server.url}", start, end, f"--output-dir={data}", str(path)
        )
        server.end(signal.SIGTERM)
        server.start()


def levels(groups: Groups) -> Iterator[list[dict[str, Any]]]:
    """Recording rules in their groups: first those that read none, then those that read them."""
    left = {rule["record"] for rule in _records(groups)}
    while left:
        ready = {
            name
            for name in left
            if not any(left & reads(r) for r in _records(groups) if r["record"] == name)
        }
        if not ready:
            raise ValueError(f"rules read each other: {', '.join(sorted(left))}")
        yield [
            {**group, "rules": rules}
            for group in groups
            if (rules := [rule for rule in group["rules"] if rule.get("record") in ready])
        ]
        left -= ready


def dump(promtool: Path, data: Path, names: Iterable[str]) -> Iterator[str]:
    """Samples of series with these names in the blocks of a folder, in OpenMetrics."""
    match = f'--match={{__name__=~"{"|".join(sorted(names))}"}}'
    command = [str(promtool), "tsdb", "dump-openmetrics", match, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield from (line.rstrip("\n") for line in process.stdout or () if not line.startswith("#"))


def spaced(groups: Groups, step: float) -> list[dict[str, Any]]:
    """Groups that are evaluated so many seconds apart at least."""
    return [
        {**group, "interval": length(max(step, seconds(group["interval"])), 1.0)}
        for group in groups
    ]


def names_read(groups: Groups) -> set[str]:
    """Names of metrics that rules read, and of much else."""
    return {name for group in groups for rule in group["rules"] for name in reads(rule)}


def reads(rule: Rule) -> set[str]:
    """Names in a rule's expression: of metrics, and of much else."""
    return set(_NAME.findall(rule["expr"]))


def _records(groups: Groups) -> Iterator[Rule]:
    return (rule for group in groups for rule in group["rules"] if "record" in rule)


def _run(promtool: Path, kind: str, *arguments: str) -> None:
    command = [str(promtool), "tsdb", "create-blocks-from", f"--max-block-duration={BLOCK}", kind]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"promtool {kind} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
