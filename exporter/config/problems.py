"""What can be wrong with a configuration, and the errors that say so.

::

    ConfigError                   holds every problem found; its text has one line for each
    ├── UnreadableConfigError     the file itself: missing, forbidden, not UTF-8, not YAML
    └── InvalidConfigError        the file was read, but keys, values or secrets are wrong

No problem ever quotes a value: where it stands is enough to find it, and it could be a secret.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


Location = tuple[str | int, ...]
"""Keys and list positions from the top of the document."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right."""

    source: str
    """The file, ``environment`` or ``command line``."""
    path: str
    """Path in the file (``accounts[1].budget.requests``), a variable or a flag; may be empty."""
    line: int | None
    message: str
    """What is wrong and what to do."""

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


class ConfigError(Exception):
    """Nothing was loaded; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems = tuple(sorted(unique, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(map(str, self.problems)))


class UnreadableConfigError(ConfigError):
    """The configuration file cannot be read as a YAML mapping."""


class InvalidConfigError(ConfigError):
    """The configuration can be read but not used."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings come from, and on which line each of them stands."""

    name: str
    lines: Mapping[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int | None:
        """Line of the setting, or of the nearest mapping or list around it."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None


Place = Callable[[Location], tuple[Source, Location]]
"""Turns a location within a section into where a person finds it: a line, a variable or a flag."""


@dataclass(slots=True)
class Findings:
    """Collects everything that is wrong or doubtful, so that it can be told at once."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def wrong(self, source: Source, location: Location, message: str) -> None:
        """Note a problem."""
        problem = Problem(source.name, spelled(location), source.line(location), message)
        self.problems.append(problem)

    def doubtful(self, source: Source, location: Location, message: str) -> None:
        """Note something that works but should be looked at."""
        problem = Problem(source.name, spelled(location), source.line(location), message)
        self.warnings.append(str(problem))


def spelled(location: Location) -> str:
    """The location as text: ``accounts[1].budget.requests``."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
