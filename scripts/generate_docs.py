"""Write the pages and the example that are generated from the code."""

from pathlib import Path

from exporter.config.reference import configuration_page, example_file
from exporter.exposition.reference import metrics_page


ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "deploy" / "examples" / "smsc-exporter.yml"


def main() -> None:
    """Write ``configuration.md``, ``metrics.md`` and the commented example."""
    DOCS.mkdir(exist_ok=True)
    (DOCS / "configuration.md").write_text(configuration_page(), encoding="utf-8")
    (DOCS / "metrics.md").write_text(metrics_page(), encoding="utf-8")
    EXAMPLE.write_text(example_file(), encoding="utf-8")


if __name__ == "__main__":
    main()
