"""Start, configure and stop the embedded PostgreSQL server."""
