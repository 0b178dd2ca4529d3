"""Feedback on answers, counted for the passages that the model read."""

from uuid import UUID

from sqlalchemy import Connection, case, func, or_, select

from vong.feedback.tables import scores
from vong.knowledge.answer.store import answer_passages, list_answer_passages
from vong.records import Record
from vong.records.lineage import LineageNode

GOOD_SCORE = 0.5
"""Score above which an answer is good. A lower one is bad, and the bound itself counts as neither."""
MAX_PASSAGES = 200


class PassageFeedback(Record):
    """Feedback on the answers that used a passage.

    `good` and `bad` count answers with a mean score above or below 0.5, `cited_good` and `cited_bad` those of them that
    cite the passage. `answers` counts all answers that used the passage.
    """

    document_id: UUID
    chunk_id: UUID
    path: str
    heading: str
    start: int
    end: int
    index_version: str
    answers: int
    good: int
    bad: int
    cited_good: int
    cited_bad: int


def list_passage_feedback(
    connection: Connection, base: str | None = None, chunk_ids: tuple[UUID, ...] = ()
) -> list[PassageFeedback]:
    """Return the passages whose answers have scores, those in most bad answers first."""
    used = answer_passages.c
    joined = or_(scores.c.span_id == used.answer_id, scores.c.span_id == used.call_span_id)
    rated = (
        select(used.answer_id, used.chunk_id, func.avg(scores.c.value).label("score"))
        .join(scores, joined)
        .where(scores.c.value.is_not(None))
        .group_by(used.answer_id, used.chunk_id)
        .subquery()
    )
    is_good, is_bad = rated.c.score > GOOD_SCORE, rated.c.score < GOOD_SCORE
    bad = func.count(case((is_bad, 1)))
    columns = (used.document_id, used.chunk_id, used.path, used.heading, used.start, used.end)
    query = (
        select(
            *columns,
            func.max(used.index_version).label("index_version"),
            func.count().label("answers"),
            func.count(case((is_good, 1))).label("good"),
            bad.label("bad"),
            func.count(case((is_good & used.cited, 1))).label("cited_good"),
            func.count(case((is_bad & used.cited, 1))).label("cited_bad"),
        )
        .outerjoin(rated, (rated.c.answer_id == used.answer_id) & (rated.c.chunk_id == used.chunk_id))
        .group_by(*columns)
        .having(func.count(rated.c.score) > 0)
        .order_by(bad.desc(), used.path, used.start)
        .limit(MAX_PASSAGES)
    )
    if base is not None:
        query = query.where(used.base == base)
    if chunk_ids:
        query = query.where(used.chunk_id.in_(chunk_ids))
    return [PassageFeedback.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def list_passage_nodes(connection: Connection, span_id: UUID) -> list[LineageNode]:
    """Return the passages of an answer for its lineage, with the feedback on all answers that used each."""
    used = list_answer_passages(connection, [span_id])
    if not used:
        return []
    chunk_ids = tuple(passage.chunk_id for passage in used)
    feedback = {one.chunk_id: one for one in list_passage_feedback(connection, chunk_ids=chunk_ids)}
    nodes: list[LineageNode] = []
    for passage in used:
        rated = feedback.get(passage.chunk_id)
        detail = {
            "chunk": str(passage.chunk_id),
            "characters": f"{passage.start} to {passage.end}",
            "number": passage.number,
            "cited": passage.cited,
            "index_version": passage.index_version,
            "good": rated.good if rated else 0,
            "bad": rated.bad if rated else 0,
        }
        ref = f"{passage.base}/{passage.path}"
        nodes.append(LineageNode(kind="document", ref=ref, title=passage.heading, detail=detail))
    return nodes
