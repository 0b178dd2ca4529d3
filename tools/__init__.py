"""Build and documentation tools of the project."""
