"""The status page in a real browser."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exporter.web.answers import HEADERS
from exporter.web.status_page import REFRESH, status_page
from tests.e2e.servers import Program
from tests.e2e.test_browser import DARK, LIGHT, QUIET
from tests.web.watched import NOW, WATCHED


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LOOKS = [("light", "1000,1300", LIGHT), ("dark", "1000,1300", DARK), ("phone", "390,844", LIGHT)]
MEASURE = """<script>
const wide = [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5).length;
document.title = `${innerWidth} ${document.documentElement.scrollWidth} ${wide}`;
</script>"""

Browse = Callable[..., str]


@pytest.fixture
def browse(tool: Callable[[str], Path], tmp_path: Path) -> Browse:
    """Run Chromium on a page; gives what it prints."""

    def run(url: str, *options: str) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        command = [str(tool("chromium")), *QUIET, profile, *options, url]
        return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout.decode()

    return run


@contextmanager
def served(page: str) -> Iterator[tuple[str, list[str]]]:
    """A server of one page with the headers of ours; gives its address and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            for name, value in {**HEADERS, "Content-Type": "text/html; charset=utf-8"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_the_status_page_is_drawn(
    demo: Program, browse: Browse, tmp_path: Path, name: str, size: str, scheme: str
) -> None:
    """A picture of the asked size comes out in light, in dark and on a phone."""
    picture = tmp_path / f"{name}.png"
    look = [f"--window-size={size}", f"--blink-settings=preferredColorScheme={scheme}"]
    browse(f"{demo.url}/status", *look, f"--screenshot={picture}")
    content = picture.read_bytes()
    width, height = (int(side) for side in size.split(","))
    assert content.startswith(b"\x89PNG")
    assert content[16:24] == width.to_bytes(4) + height.to_bytes(4)
    assert len(content) > 20_000


def test_light_and_dark_differ(browse: Browse, tmp_path: Path) -> None:
    """The page follows the reader's choice of colours."""
    page = tmp_path / "page.html"
    page.write_text(status_page(WATCHED, NOW, version="1"))
    pictures = []
    for scheme in (LIGHT, DARK):
        picture = tmp_path / f"{scheme}.png"
        look = ["--window-size=600,900", f"--blink-settings=preferredColorScheme={scheme}"]
        browse(page.as_uri(), *look, f"--screenshot={picture}")
        pictures.append(picture.read_bytes())
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("width", [390, 600, 1400])
def test_nothing_is_wider_than_the_screen(browse: Browse, tmp_path: Path, width: int) -> None:
    """A phone needs no sideways scrolling, however long the names are."""
    page = status_page(WATCHED, NOW, version="1").replace("main", "m" * 200)
    # A frame is as wide as it is told; a window has a least width of its own.
    inner, outer = tmp_path / "inner.html", tmp_path / "outer.html"
    inner.write_text(page.replace("</body>", f"{MEASURE}</body>"))
    outer.write_text(
        f'<iframe id="page" src="inner.html" width="{width}" height="900" frameborder="0"></iframe>'
        '<script>onload = () => document.title = document.getElementById("page")'
        ".contentDocument.title;</script>"
    )
    dom = browse(outer.as_uri(), "--allow-file-access-from-files", "--dump-dom")
    assert f"<title>{width} {width} 0</title>" in dom


def test_the_page_comes_anew(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Without a script, again and again; and nothing else is asked for."""
    page = status_page(WATCHED, NOW, version="1").replace(f'content="{REFRESH}"', 'content="1"')
    with served(page) as (url, asked):
        command = [str(tool("chromium")), *QUIET, f"--user-data-dir={tmp_path}", f"{url}/status"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as browser:
            try:
                until = time.monotonic() + 90
                while asked.count("/status") < 3 and time.monotonic() < until:
                    time.sleep(0.2)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
    assert asked.count("/status") >= 3
    assert set(asked) <= {"/status", "/favicon.ico"}


def test_the_browser_shows_the_accounts_state(demo: Program, browse: Browse) -> None:
    """State, calls, histories and decisions of a live exporter are on the page as rendered."""
    dom = browse(f"{demo.url}/status?still", "--dump-dom")
    for text in ("<h2>demo", "working", "Calls of the last hour", "Data age", "Last decisions"):
        assert text in dom
    assert re.search(r"<h3>sms <span[^>]*>[a-z ]+</span></h3>", dom)
    assert dom.count('<svg class="bars"') >= 1
