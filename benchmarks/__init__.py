"""Benchmarks (`make bench`). Results depend on the machine, so LOG.md records each one with its conditions."""
