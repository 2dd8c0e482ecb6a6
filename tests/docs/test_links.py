"""What the pages point to is there."""

import re
from pathlib import Path


_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PLACES = r"(?:tests|exporter|scripts|deploy|docs|requirements|benchmarks|\.ci)/[\w./-]*"


def anchors(text: str) -> set[str]:
    """The anchors that a forge gives to the headings of a page."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in kept}


def test_relative_links_lead_somewhere(pages: dict[Path, str]) -> None:
    """A reader who follows a link inside the repository finds the page and the heading."""
    broken = []
    for page, text in pages.items():
        for target in _LINK.findall(text):
            if "://" in target:
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            if not path.exists() or (anchor and anchor not in anchors(pages[path])):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_index_names_every_page(pages: dict[Path, str], root: Path) -> None:
    """No page of docs/ is hidden: the index names it, or that of the runbooks does."""
    index = root / "docs" / "index.md"
    linked = {
        (page.parent / target).resolve()
        for page in (index, root / "docs" / "runbooks" / "index.md")
        for target in _LINK.findall(pages[page])
    }
    assert set(pages) - {index} <= linked


def test_files_named_in_code_are_there(code: list[str], root: Path) -> None:
    """A path in a command or a code span exists."""
    named = {path for text in code for path in re.findall(rf"(?<![\w/.-]){_PLACES}", text)}
    assert len(named) > 10
    assert [path for path in sorted(named) if not (root / path).exists()] == []
