"""Writes configurations and reads them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exporter.config import ConfigError, Loaded, Overrides, load


Read = Callable[..., Loaded]
Refused = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the text as ``smsc.yml``, readable by its owner only, and load it."""

    def read(
        text: str | bytes, environ: Mapping[str, str] | None = None, **overrides: object
    ) -> Loaded:
        path = tmp_path / "smsc.yml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return load(path, environ or {}, Overrides(**overrides))  # type: ignore[arg-type]

    return read


@pytest.fixture
def refused(read: Read, tmp_path: Path) -> Refused:
    """Load the text, expect it to be refused, and return the lines without the folder's name."""

    def refused(
        text: str | bytes, environ: Mapping[str, str] | None = None, **overrides: object
    ) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text, environ, **overrides)
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.problems)
        return [line.replace(f"{tmp_path}/", "") for line in lines]

    return refused
