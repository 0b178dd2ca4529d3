"""Embedded PostgreSQL server: start, configuration and stop. May import `vong.errors` only."""
