"""Prometheus exporter for messages sent through smsc.ru."""

from importlib.metadata import version


__version__ = version("smsc-exporter")
DEFAULT_PORT = 10048
