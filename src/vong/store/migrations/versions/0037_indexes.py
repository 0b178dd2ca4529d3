"""Add index versions, terms and embeddings of any dimension."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0037"
down_revision = "0036"

LEGACY_CHUNKER = '{"kind": "characters", "size": 900, "overlap": 150}'
"""Chunker of the bases from before index versions."""


def upgrade() -> None:
    _create_indexes()
    _extend_chunks()
    _create_text_index()
    _create_attributes()
    _count_deleted_chunks()


def _create_indexes() -> None:
    op.create_table(
        "knowledge_indexes",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("chunker", pg.JSONB, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("distance", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, server_default=""),
        sa.Column("chunks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("tokens", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("project_id", "base", "number", name="knowledge_indexes_number_uq"),
    )
    op.create_index(
        "knowledge_indexes_live_ix",
        "knowledge_indexes",
        ["project_id", "base"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )
    tenancy.protect("knowledge_indexes")
    op.execute(
        "INSERT INTO knowledge_indexes (project_id, id, base, number, chunker, embedder, dimension, distance, state, "  # noqa: S608
        "hash, created_at) SELECT project_id, gen_random_uuid(), name, 1, "
        f"'{LEGACY_CHUNKER}'::jsonb, embedder, 384, 'cosine', 'live', index_version, updated_at FROM knowledge_bases"
    )


def _extend_chunks() -> None:
    for function in ("knowledge_matching(text, tsquery, integer)", "knowledge_holding(text, tsquery)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("knowledge_chunks_embedding_ix", "knowledge_chunks")
    op.drop_index("knowledge_chunks_words_ix", "knowledge_chunks")
    op.drop_index("knowledge_chunks_document_id_ix", "knowledge_chunks")
    op.drop_index("knowledge_chunks_project_id_base_ix", "knowledge_chunks")
    op.drop_column("knowledge_chunks", "words")
    op.execute("ALTER TABLE knowledge_chunks ALTER COLUMN embedding TYPE halfvec, ALTER COLUMN embedding DROP NOT NULL")
    for column in (
        sa.Column(
            "index_id", pg.UUID(as_uuid=True), sa.ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=True
        ),
        # The number of the chunk in the text index; null for a parent and until the text index is built.
        sa.Column("number", sa.Integer),
        sa.Column("words", sa.Integer, nullable=False, server_default="0"),
        sa.Column("parent_id", pg.UUID(as_uuid=True)),
        sa.Column("tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("page", sa.Integer),
        sa.Column("kind", sa.Text, nullable=False, server_default="text"),
        sa.Column("metadata", pg.JSONB, nullable=False, server_default=sa.text("'{}'")),
    ):
        op.add_column("knowledge_chunks", column)
    op.execute(
        "UPDATE knowledge_chunks c SET index_id = i.id FROM knowledge_indexes i "
        "WHERE i.project_id = c.project_id AND i.base = c.base"
    )
    op.execute("DELETE FROM knowledge_chunks WHERE index_id IS NULL")
    op.execute(
        "UPDATE knowledge_indexes i SET chunks = c.chunks FROM "
        "(SELECT index_id, count(*) AS chunks FROM knowledge_chunks GROUP BY 1) c WHERE c.index_id = i.id"
    )
    op.alter_column("knowledge_chunks", "index_id", nullable=False)
    op.create_index("knowledge_chunks_document_ix", "knowledge_chunks", ["document_id", "index_id", "position"])
    op.create_index("knowledge_chunks_number_ix", "knowledge_chunks", ["index_id", "number"])


def _create_text_index() -> None:
    op.create_table(
        "knowledge_terms",
        project_column(),
        sa.Column(
            "index_id", pg.UUID(as_uuid=True), sa.ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("postings", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("index_id", "term", "segment", name="knowledge_terms_pk"),
    )
    op.create_index("knowledge_terms_segment_ix", "knowledge_terms", ["index_id", "segment"])
    op.create_table(
        "knowledge_text_statistics",
        project_column(),
        sa.Column(
            "index_id", pg.UUID(as_uuid=True), sa.ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("next_number", sa.Integer, nullable=False),
        sa.Column("next_segment", sa.Integer, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("words", sa.BigInteger, nullable=False),
        # Numbers of deleted chunks whose postings are not removed yet, four bytes each.
        sa.Column("deleted", sa.LargeBinary, nullable=False),
        # Pairs of segment and level. Segments of one level are merged to one of the next.
        sa.Column("segments", pg.JSONB, nullable=False),
        sa.Column("languages", pg.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("index_id", name="knowledge_text_statistics_pk"),
    )
    tenancy.protect("knowledge_terms")
    tenancy.protect("knowledge_text_statistics")


def _create_attributes() -> None:
    op.add_column(
        "knowledge_documents", sa.Column("metadata", pg.JSONB, nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_table(
        "knowledge_attributes",
        project_column(),
        sa.Column(
            "document_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_documents.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("number", sa.Double),
        sa.PrimaryKeyConstraint("document_id", "key", name="knowledge_attributes_pk"),
    )
    for column in ("text", "number"):
        columns = ["project_id", "base", "key", column, "document_id"]
        op.create_index(f"knowledge_attributes_{column}_ix", "knowledge_attributes", columns)
    tenancy.protect("knowledge_attributes")


def _count_deleted_chunks() -> None:
    """Keep the counts of indexes and the text index correct if chunks are deleted, also with their document."""
    op.execute(
        """CREATE FUNCTION knowledge_chunks_deleted() RETURNS trigger
           LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
           BEGIN
             UPDATE knowledge_indexes i SET chunks = i.chunks - d.chunks, tokens = i.tokens - d.tokens
             FROM (SELECT index_id, count(*) AS chunks, sum(tokens) AS tokens FROM deleted_chunks
                   WHERE kind <> 'parent' GROUP BY 1) d WHERE i.id = d.index_id;
             UPDATE knowledge_text_statistics s SET chunks = s.chunks - d.chunks, words = s.words - d.words,
               deleted = s.deleted || d.numbers
             FROM (SELECT index_id, count(*) AS chunks, sum(words) AS words,
                     string_agg(int4send(number), ''::bytea) AS numbers
                   FROM deleted_chunks WHERE number IS NOT NULL GROUP BY 1) d WHERE s.index_id = d.index_id;
             RETURN NULL;
           END $$"""
    )
    op.execute(
        "CREATE TRIGGER knowledge_chunks_deleted AFTER DELETE ON knowledge_chunks "
        "REFERENCING OLD TABLE AS deleted_chunks FOR EACH STATEMENT EXECUTE FUNCTION knowledge_chunks_deleted()"
    )
