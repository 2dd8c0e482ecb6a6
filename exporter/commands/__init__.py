"""What the commands of the command line do; `exporter.cli` holds their flags."""
