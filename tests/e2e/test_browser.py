"""What a person sees in a real browser."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.servers import Program


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LIGHT, DARK = "1", "0"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Browse = Callable[..., bytes]


@pytest.fixture
def browse(tool: Callable[[str], Path], tmp_path: Path) -> Browse:
    """Run Chromium on a page; gives what it prints."""

    def run(url: str, *options: str) -> bytes:
        command = [
            str(tool("chromium")),
            *QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            *options,
        ]
        done = subprocess.run([*command, url], capture_output=True, timeout=60, check=True)
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [("light", "1000,700", LIGHT), ("dark", "1000,700", DARK), ("phone", "390,844", LIGHT)],
)
def test_the_landing_page_is_drawn(
    demo: Program, browse: Browse, tmp_path: Path, name: str, size: str, scheme: str
) -> None:
    """A picture of the asked size comes out in light, in dark and on a phone."""
    picture = tmp_path / f"{name}.png"
    look = [f"--window-size={size}", f"--blink-settings=preferredColorScheme={scheme}"]
    browse(f"{demo.url}/", *look, f"--screenshot={picture}")
    content = picture.read_bytes()
    width, height = (int(side) for side in size.split(","))
    assert content.startswith(b"\x89PNG")
    assert content[16:24] == width.to_bytes(4) + height.to_bytes(4)
    assert len(content) > 10_000


def test_dark_is_another_picture(demo: Program, browse: Browse, tmp_path: Path) -> None:
    """The page follows the reader's choice of colours."""
    pictures = {}
    for scheme in (LIGHT, DARK):
        picture = tmp_path / f"{scheme}.png"
        browse(
            f"{demo.url}/",
            "--window-size=100,1000",
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--screenshot={picture}",
        )
        pictures[scheme] = picture.read_bytes()
    assert pictures[LIGHT] != pictures[DARK]


def test_the_browser_shows_what_it_should(demo: Program, browse: Browse) -> None:
    """The account, its state, its histories and the links are on the page as rendered."""
    dom = browse(f"{demo.url}/", "--dump-dom").decode()
    for text in ("<h1>smsc-exporter", "demo", "working", "calls left", "sms", "email", "ago"):
        assert text in dom
    for path in ("/metrics", "/-/healthy", "/-/ready"):
        assert f'href="{path}"' in dom
