"""Write ``deploy/prometheus/tests``."""

import shutil
from pathlib import Path

from tests.monitoring.scenarios.files import FILES


FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "prometheus" / "tests"


def main() -> None:
    """Write every file, and remove those that are no more."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "rules").mkdir(parents=True)
    for file in FILES:
        for name, text in file.texts().items():
            (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
