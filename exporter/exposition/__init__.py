"""What Prometheus gets to see: the catalogue of metrics and the page that shows them."""
