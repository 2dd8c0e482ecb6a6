"""Write the rules and examples of deploy/, and the tables of docs/alerting.md, from the limits."""

import sys
from pathlib import Path

from exporter.config import ConfigError
from exporter.monitoring.files import write_files
from exporter.monitoring.reference import with_tables
from exporter.monitoring.thresholds_file import load_thresholds


ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
THRESHOLDS = DEPLOY / "prometheus" / "thresholds.yml"
PAGE = ROOT / "docs" / "alerting.md"


def main() -> None:
    """Write every file that follows from ``deploy/prometheus/thresholds.yml``."""
    try:
        thresholds = load_thresholds(THRESHOLDS)
    except ConfigError as error:
        sys.exit(str(error))
    write_files(DEPLOY, thresholds)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_tables(text, thresholds), encoding="utf-8")


if __name__ == "__main__":
    main()
