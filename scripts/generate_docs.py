"""Write the pages of ``docs/`` that are generated from the code."""

from pathlib import Path

from exporter.config.reference import configuration_page
from exporter.exposition.reference import metrics_page


DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    """Write ``configuration.md`` and ``metrics.md``."""
    DOCS.mkdir(exist_ok=True)
    (DOCS / "configuration.md").write_text(configuration_page(), encoding="utf-8")
    (DOCS / "metrics.md").write_text(metrics_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
