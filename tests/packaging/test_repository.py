import re
import tempfile
from pathlib import Path

import pytest

from exporter import DEFAULT_PORT


REGISTRY_HOSTS = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("debian", "org"),
    ("ubuntu", "com"),
]
REGISTRY_OPTIONS = ["index-url", "extra-index-url", "find-links"]


def offending_lines(tracked: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    """List ``path:line`` of every line that matches."""
    return [
        f"{name}:{number}"
        for name, text in tracked.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry(tracked: dict[str, str]) -> None:
    """A clone installs from whatever index its user has configured."""
    hosts = "|".join(re.escape(".".join(parts)) for parts in REGISTRY_HOSTS)
    options = "|".join(REGISTRY_OPTIONS)
    pattern = re.compile(rf"://[^/\s]*\b(?:{hosts})\b|(?<!\w)--(?:{options})\b")
    assert offending_lines(tracked, pattern) == []


def test_no_file_holds_a_path_of_this_machine(tracked: dict[str, str], checkout: Path) -> None:
    """Lock files and configuration work wherever the project is cloned."""
    places = {checkout, checkout.parent, Path.home(), Path("/root")}
    shared = {Path("/"), Path("/home"), Path("/opt"), Path("/srv"), Path(tempfile.gettempdir())}
    escaped = "|".join(re.escape(f"{place}/") for place in places - shared)
    pattern = re.compile(rf"(?<![\w.~-])(?:{escaped})\w")
    assert offending_lines(tracked, pattern) == []


@pytest.mark.parametrize("folder", ["README.md", "docs/", "deploy/", "grafana/", "exporter/"])
def test_every_page_names_the_port_the_exporter_listens_on(
    tracked: dict[str, str], folder: str
) -> None:
    """Documentation, deployment files and defaults follow ``DEFAULT_PORT``."""
    texts = {name: text for name, text in tracked.items() if name.startswith(folder)}
    stated = {port for text in texts.values() for port in re.findall(r":(100\d\d)\b", text)}
    assert stated <= {str(DEFAULT_PORT)}
