"""Recording rules, alerts and their limits for Prometheus and Alertmanager."""
