"""Migration helpers that restrict the rows of a table to their project."""

from alembic import op

from vong.store.database import REQUEST_ROLE
from vong.store.schema import PROJECT_SETTING


def create_role() -> None:
    """Create the restricted role once per PostgreSQL server and allow the owner to switch to it."""
    op.execute(
        f"""DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{REQUEST_ROLE}') THEN
            CREATE ROLE {REQUEST_ROLE} NOLOGIN;
          END IF;
          EXECUTE format('GRANT {REQUEST_ROLE} TO %I', current_user);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {REQUEST_ROLE}")


def protect(table: str, *, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Enable row-level security by project and grant privileges on the table to the restricted role.

    An append-only table grants SELECT and INSERT. A transaction without a project sees no rows: its project setting is
    null, and no value equals null.
    """
    project = f"nullif(current_setting('{PROJECT_SETTING}', true), '')::uuid"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY project ON {table} TO {REQUEST_ROLE} USING (project_id = {project}) "
        f"WITH CHECK (project_id = {project})"
    )
    op.execute(f"GRANT {grants} ON {table} TO {REQUEST_ROLE}")
