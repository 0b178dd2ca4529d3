"""Changes of the schema, in order; Alembic applies them at start."""
