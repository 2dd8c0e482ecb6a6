"""The HTTP side: /metrics, a page for people, health, readiness and reload."""
