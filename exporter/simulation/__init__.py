"""A gateway of our own: traffic worlds, the documented API over them, faults and virtual time.

It shares no code with the parts it is there to test, `exporter.clock` apart.
"""
