"""Unit tests of the rules for promtool, as code: each file of ``deploy/prometheus/tests``."""
