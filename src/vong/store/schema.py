"""How tables are declared: one metadata for all stages, and what every project table has."""

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

PROJECT = "vong.project_id"
"""The setting of a transaction that names the only project it may see."""


def project_column() -> Column[Any]:
    """The column that every project table has. The database fills it from the transaction's own project, so a stage
    never writes it, and row-level security compares it, so a stage never filters by it.
    """
    return Column(
        "project_id", UUID(as_uuid=True), nullable=False, server_default=text(f"current_setting('{PROJECT}')::uuid")
    )


def project_table(name: str, *columns: Any, **options: Any) -> Table:
    """A table whose rows belong to a project. Its migration must call `tenancy.protect(name)`; a test checks that."""
    return Table(name, metadata, project_column(), *columns, info={"project": True}, **options)
