"""Measurements, as ratios to a baseline taken in the same run: machines are shared and noisy."""
