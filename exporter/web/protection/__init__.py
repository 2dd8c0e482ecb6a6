"""TLS, logins, headers and rate limit of the web server, from a file in the format of Prometheus.

The format is that of Prometheus' exporter-toolkit, so that one file can serve several exporters.
"""
