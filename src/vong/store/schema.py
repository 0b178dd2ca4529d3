"""Table declarations: the shared SQLAlchemy metadata and the parts common to all project tables."""

from typing import Any

from sqlalchemy import Column, MetaData, Table, text
from sqlalchemy.dialects.postgresql import UUID

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
    }
)

PROJECT_SETTING = "vong.project_id"
"""Transaction setting that names the only project whose rows are visible."""


def project_column() -> Column[Any]:
    """Return the `project_id` column of a project table.

    The database fills the column from the project of the transaction, and row-level security compares it. A stage
    therefore neither writes the column nor filters by it.
    """
    return Column(
        "project_id",
        UUID(as_uuid=True),
        nullable=False,
        server_default=text(f"current_setting('{PROJECT_SETTING}')::uuid"),
    )


def project_table(name: str, *columns: Any, **options: Any) -> Table:
    """Declare a table whose rows belong to a project.

    Its migration must call `tenancy.protect(name)`; a test checks that.
    """
    return Table(name, metadata, project_column(), *columns, info={"project": True}, **options)
