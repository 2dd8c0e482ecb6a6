"""``python -m exporter`` is ``smsc-exporter``."""

from exporter.cli import main


if __name__ == "__main__":
    main()
