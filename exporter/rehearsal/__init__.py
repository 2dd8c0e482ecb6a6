"""The polling core on a virtual clock against the simulated gateway, and what to measure of it."""
