"""Schema migrations in order, applied by Alembic at start."""
