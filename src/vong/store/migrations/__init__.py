"""Schema migrations in order, applied by Alembic at start.

May import `store.schema` and `store.database`.
"""
