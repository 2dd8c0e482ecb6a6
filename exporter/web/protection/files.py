"""Files as they were when they were read, and whether they still are so."""

from pathlib import Path

from exporter.config.document import LARGEST_FILE


class Files:
    """Remembers what it has read.

    Contents are compared, not times: these change too coarsely to tell two quick writes apart.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, bytes | None] = {}

    def read(self, path: Path) -> bytes:
        """The content, cut off beyond what any such file may have.

        Raises OSError.
        """
        self._seen[path] = None
        self._seen[path] = content = _content(path)
        return content

    def changed(self) -> bool:
        """Whether one of them reads differently by now; unreadable is a reading, too."""
        return any(_content_or_none(path) != seen for path, seen in self._seen.items())


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _content_or_none(path: Path) -> bytes | None:
    try:
        return _content(path)
    except OSError:
        return None
