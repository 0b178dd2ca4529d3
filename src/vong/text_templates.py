"""Templates of text: Jinja in its sandbox, with limits."""
