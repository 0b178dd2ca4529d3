"""Database tables and SQL statements of the data stage."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

versions = project_table(
    "data_versions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("blob", Text, nullable=False),
    Column("parents", JSONB, nullable=False),
    Column("operation", JSONB, nullable=False),
    Column("splits", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "name", "hash"),
    UniqueConstraint("project_id", "name", "number"),
    Index(
        "data_versions_parents_ix",
        "parents",
        postgresql_using="gin",
        postgresql_ops={"parents": "jsonb_path_ops"},
    ),
)

reports = project_table(
    "data_reports",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("version_id", UUID(as_uuid=True), ForeignKey("data_versions.id"), nullable=False, index=True),
    Column("settings", JSONB, nullable=False),
    Column("blob", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

OPEN_ENDED = 2**31 - 1
"""Value of `last_version` for rows that the newest version still contains."""

rows = project_table(
    "data_rows",
    Column("id", UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("made_from", LargeBinary, nullable=False),
    Column("row", Integer, nullable=False),
    Column("first_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
    Index("data_rows_hash_ix", "project_id", "hash"),
    Index("data_rows_made_from_ix", "project_id", "made_from"),
    Index("data_rows_name_ix", "project_id", "name", "last_version"),
)
"""Index of dataset rows: dataset `name` contains the row in versions `first_version` (as row `row`) to `last_version`.

`made_from` is the hash of the row named by the row's origin, or empty for any other origin. A version that changes ten
rows therefore adds ten entries.
"""

index_state = project_table(
    "data_index_state",
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="data_index_state_pk"),
)
"""Number of the newest version of each dataset whose rows are in `data_rows`."""

CLOSE_REMOVED_ROWS = text("""
    UPDATE data_rows SET last_version = :before WHERE name = :name AND last_version = :open AND NOT EXISTS (
      SELECT FROM unnest(CAST(:hashes AS bytea[]), CAST(:origins AS bytea[])) AS now(hash, made_from)
      WHERE now.hash = data_rows.hash AND now.made_from = data_rows.made_from)
""")
INSERT_ADDED_ROWS = text("""
    INSERT INTO data_rows (name, hash, made_from, row, first_version, last_version)
    SELECT :name, now.hash, now.made_from, now.row, :number, :open
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:origins AS bytea[]), CAST(:rows AS int[])) AS now(hash, made_from, row)
    WHERE NOT EXISTS (
      SELECT FROM data_rows old WHERE old.name = :name AND old.last_version = :open
      AND old.hash = now.hash AND old.made_from = now.made_from)
""")
SELECT_UNINDEXED_DATASETS = text("""
    SELECT name FROM data_versions LEFT JOIN data_index_state USING (project_id, name)
    GROUP BY name HAVING max(data_versions.number) > coalesce(max(data_index_state.number), 0)
""")
SELECT_VERSIONS_CONTAINING = text("""
    SELECT DISTINCT ON (v.name, v.number) v.* FROM data_versions v JOIN (
      SELECT name, first_version, last_version FROM data_rows WHERE hash = :hash
      UNION ALL SELECT name, first_version, last_version FROM data_rows WHERE made_from = :hash
    ) held ON held.name = v.name AND v.number BETWEEN held.first_version AND held.last_version
    ORDER BY v.name, v.number DESC LIMIT :limit
""")
