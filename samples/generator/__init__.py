"""Modules of `samples/generate.py`; their output is identical on every run."""
