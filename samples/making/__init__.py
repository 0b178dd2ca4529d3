"""What `samples/generate.py` is made of: standard library only, the same bytes on every run."""
