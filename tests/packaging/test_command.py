import subprocess
import sys
from importlib.metadata import entry_points, version


def test_the_version_flag_tells_the_installed_version() -> None:
    """`smsc-exporter --version` agrees with the package's metadata."""
    answer = subprocess.run(
        [sys.executable, "-m", "exporter", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert version("smsc-exporter") in answer.stdout


def test_the_package_installs_its_command() -> None:
    """`pip install` puts `smsc-exporter` on the path."""
    (command,) = entry_points(group="console_scripts", name="smsc-exporter")
    assert command.value == "exporter.cli:main"
