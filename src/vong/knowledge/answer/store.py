"""Storage of the passages of answers, and of the answer settings of a base."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from vong.knowledge.answer.records import AnswerSettings, RagAnswer
from vong.knowledge.tables import bases
from vong.records import Record, now
from vong.store.schema import project_table

SETTINGS_KEY = "answers"
"""Key of the answer settings in the settings of a base."""

answer_passages = project_table(
    "knowledge_answer_passages",
    Column("answer_id", PG_UUID(as_uuid=True), nullable=False),
    Column("call_span_id", PG_UUID(as_uuid=True)),
    Column("base", Text, nullable=False),
    Column("document_id", PG_UUID(as_uuid=True), nullable=False),
    Column("chunk_id", PG_UUID(as_uuid=True), nullable=False),
    Column("number", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("cited", Boolean, nullable=False),
    Column("index_version", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "answer_id", "chunk_id", name="knowledge_answer_passages_pk"),
    Index("knowledge_answer_passages_base_ix", "project_id", "base"),
    Index("knowledge_answer_passages_call_ix", "project_id", "call_span_id"),
)


class AnswerPassage(Record):
    """Passage that the model read for an answer. `cited` is true if a sentence of the answer cites it."""

    answer_id: UUID
    call_span_id: UUID | None = None
    base: str
    document_id: UUID
    chunk_id: UUID
    number: int
    path: str
    heading: str
    start: int
    end: int
    cited: bool
    index_version: str


def store_answer_passages(connection: Connection, base: str, answer: RagAnswer) -> None:
    """Store the passages of an answer. An answer without an id or without passages stores none."""
    if answer.answer_id is None:
        return
    cited = {citation.chunk_id for citation in answer.citations}
    passages = [
        AnswerPassage(
            answer_id=answer.answer_id,
            call_span_id=answer.span_id,
            base=base,
            document_id=passage.chunk.document_id,
            chunk_id=passage.chunk.id,
            number=number,
            path=passage.path,
            heading=passage.chunk.heading,
            start=passage.chunk.start,
            end=passage.chunk.end,
            cited=passage.chunk.id in cited,
            index_version=answer.index_version,
        )
        for number, passage in enumerate(answer.passages, 1)
    ]
    add_answer_passages(connection, passages)


def add_answer_passages(connection: Connection, passages: Sequence[AnswerPassage]) -> None:
    """Store passages. Those that are stored for their answer already are kept as they are."""
    created_at = now()
    rows = [{**passage.model_dump(), "created_at": created_at} for passage in passages]
    if rows:
        connection.execute(insert(answer_passages).on_conflict_do_nothing(), rows)


def list_answer_passages(connection: Connection, span_ids: Sequence[UUID]) -> list[AnswerPassage]:
    """Return the passages of answers, given by the span of the answer or of its model call, in their order."""
    columns = answer_passages.c
    query = (
        select(*[columns[name] for name in AnswerPassage.model_fields])
        .where(or_(columns.answer_id.in_(span_ids), columns.call_span_id.in_(span_ids)))
        .order_by(columns.answer_id, columns.number)
    )
    return [AnswerPassage.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def load_answer_settings(connection: Connection, base: str) -> dict[str, Any]:
    """Return the stored answer settings of a base, without defaults."""
    stored = connection.scalar(select(bases.c.settings[SETTINGS_KEY]).where(bases.c.name == base))
    return dict(stored or {})


def save_answer_settings(connection: Connection, base: str, settings: AnswerSettings) -> None:
    """Store the answer settings of a base. Other settings of the base are kept."""
    stored = settings.model_dump(mode="json", exclude_unset=True)
    merged = bases.c.settings.op("||")(literal({SETTINGS_KEY: stored}, JSONB))
    connection.execute(update(bases).where(bases.c.name == base).values(settings=merged))
