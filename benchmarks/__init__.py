"""Measurements: `make bench`. Figures depend on the machine: each result stands in LOG.md with its conditions."""
