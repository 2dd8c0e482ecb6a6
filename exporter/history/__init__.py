"""The past: read again from the gateway, written for Prometheus, compared with the ledger."""
