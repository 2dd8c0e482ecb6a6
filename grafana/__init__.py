"""The Grafana dashboards, drawn by code; ``python -m grafana`` writes them anew."""

import warnings


with warnings.catch_warnings():
    # The SDK prefers its second schema, which Grafana 11 cannot load.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, dashboard

__all__ = ["bargauge", "dashboard"]
