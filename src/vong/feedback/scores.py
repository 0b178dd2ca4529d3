"""Storage of scores. A score is never changed after it was added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, InvalidInput, NotFound
from vong.feedback import tables
from vong.records import Record, Score, Span, new_id, now

Source = Literal["human", "judge", "program", "replay"]
Kind = Literal["score", "correction", "comment"]
KIND_COLUMNS: dict[Kind, str] = {"score": "value", "correction": "correction", "comment": "comment"}
CONTENT_FIELDS = ("span_id", "name", "value", "comment", "correction", "source", "author")


class ScoreCreate(Record):
    """Request to add a score to a span.

    At least one of `value` (0..1, 1 is best), `comment` and `correction` (the completion that the span should have had)
    is required. A repeated `id` refers to the existing score.
    """

    span_id: UUID
    id: UUID | None = None
    name: str = Field(default="quality", min_length=1, max_length=100)
    value: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    comment: str | None = Field(default=None, max_length=20_000)
    correction: str | None = Field(default=None, max_length=1_000_000)
    source: Source = "human"
    author: str | None = Field(default=None, max_length=200)


class ScoreFilter(Record):
    """Filter of scores. A score must match all fields that are set.

    `since` is inclusive, `until` exclusive. `kind` selects scores that have a value, a correction or a comment (a score
    may have several). `harvested` selects by whether the span became a dataset row after the score was added.
    """

    spans: tuple[UUID, ...] = ()
    name: str | None = None
    route: str | None = None
    model: str | None = None
    model_version: str | None = None
    source: Source | None = None
    kind: Kind | None = None
    harvested: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class AddedScore(NamedTuple):
    """Stored score, and whether it is new."""

    score: Score
    new: bool


def add_score(connection: Connection, span: Span, request: ScoreCreate) -> AddedScore:
    """Store a score of a span. A repeated request returns the existing score.

    Raises: InvalidInput if the request has no content or names another span; Conflict if the id belongs to a different
    score.
    """
    if request.span_id != span.id:
        raise InvalidInput(f"the score names span {request.span_id} instead of {span.id}", "set the same span id")
    if request.value is None and not request.comment and request.correction is None:
        raise InvalidInput("the score is empty", "set a value from 0 to 1, a comment or a correction")
    score = Score.model_validate({**request.model_dump(), "id": request.id or new_id(), "created_at": now()})
    versions = {"route": span.versions.route, "model": span.model, "model_version": span.versions.model_version}
    statement = insert(tables.scores).values({**score.model_dump(), **versions}).on_conflict_do_nothing()
    if connection.scalar(statement.returning(tables.scores.c.id)) is not None:
        return AddedScore(score, True)
    stored = get_score(connection, score.id)
    if any(getattr(stored, name) != getattr(score, name) for name in CONTENT_FIELDS):
        raise Conflict(f"id {score.id} belongs to a different score", "set a unique id, or none")
    return AddedScore(stored, False)


def get_score(connection: Connection, id: UUID) -> Score:
    """Return a score by its id.

    Raises: NotFound if the project has no such score.
    """
    row = connection.execute(select(tables.scores).where(tables.scores.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no score {str(id)!r}", "list them with: vong feedback list")
    return _to_score(row)


def list_scores(
    connection: Connection,
    score_filter: ScoreFilter | None = None,
    *,
    after: UUID | None = None,
    limit: int = 50,
    newest_first: bool = False,
    **filters: Any,
) -> list[Score]:
    """Return the matching scores, oldest first by default. `after` is the id of the last score of the previous page.

    The fields of a `ScoreFilter` can be passed as keyword arguments instead.
    """
    score_filter = score_filter or ScoreFilter(**filters)
    scores = tables.scores.c
    position = tuple_(scores.created_at, scores.id)
    query = select(tables.scores).where(*filter_conditions(score_filter)).limit(limit)
    query = (
        query.order_by(scores.created_at.desc(), scores.id.desc())
        if newest_first
        else query.order_by(scores.created_at, scores.id)
    )
    if after is not None:
        last = get_score(connection, after)
        query = query.where(
            position < (last.created_at, last.id) if newest_first else position > (last.created_at, last.id)
        )
    return [_to_score(row) for row in connection.execute(query).mappings()]


def list_all_scores(connection: Connection, score_filter: ScoreFilter) -> list[Score]:
    """Return all matching scores without a limit, oldest first."""
    matching: list[Score] = []
    while page := list_scores(connection, score_filter, after=matching[-1].id if matching else None, limit=5000):
        matching += page
    return matching


def count_scored_spans(connection: Connection, score_filter: ScoreFilter) -> int:
    """Return the number of spans with a matching score."""
    query = select(func.count(tables.scores.c.span_id.distinct())).where(*filter_conditions(score_filter))
    return connection.scalar(query) or 0


def newest_score_time(connection: Connection, score_filter: ScoreFilter) -> datetime | None:
    """Return the time of the newest matching score. Returns None if there is none."""
    return connection.scalar(select(func.max(tables.scores.c.created_at)).where(*filter_conditions(score_filter)))


def filter_conditions(score_filter: ScoreFilter) -> Sequence[Any]:
    """Return the SQL conditions of a filter."""
    scores = tables.scores.c
    clauses: list[Any] = []
    for column in (scores.name, scores.route, scores.model, scores.model_version, scores.source):
        value = getattr(score_filter, column.name)
        if value is not None:
            clauses.append(column == value)
    if score_filter.kind is not None:
        clauses.append(scores[KIND_COLUMNS[score_filter.kind]].is_not(None))
    if score_filter.harvested is not None:
        harvested_columns = tables.harvested.c
        was_harvested = (
            select(harvested_columns.span_id)
            .where(harvested_columns.span_id == scores.span_id, harvested_columns.created_at >= scores.created_at)
            .exists()
        )
        clauses.append(was_harvested if score_filter.harvested else ~was_harvested)
    if score_filter.spans:
        clauses.append(scores.span_id.in_(score_filter.spans))
    if score_filter.since is not None:
        clauses.append(scores.created_at >= score_filter.since)
    if score_filter.until is not None:
        clauses.append(scores.created_at < score_filter.until)
    return clauses


def _to_score(row: Any) -> Score:
    return Score.model_validate({name: row[name] for name in Score.model_fields})


class ScoreCounts(NamedTuple):
    """Number of scores of a span, and of the corrections among them."""

    scores: int
    corrections: int


def count_scores(connection: Connection, spans: Sequence[UUID]) -> dict[UUID, ScoreCounts]:
    """Return the counts of the given spans. Spans without scores are omitted."""
    scores = tables.scores.c
    query = select(scores.span_id, func.count(), func.count(scores.correction)).where(scores.span_id.in_(spans))
    rows = connection.execute(query.group_by(scores.span_id)).all() if spans else []
    return {row[0]: ScoreCounts(row[1], row[2]) for row in rows}


def list_scored_spans(
    connection: Connection, *, corrected: bool = False, before: UUID | None = None, limit: int = 500
) -> list[UUID]:
    """Return the ids of spans with a score (or a correction) in descending order, from below `before`."""
    scores = tables.scores.c
    query = select(scores.span_id).distinct().where(scores.span_id.is_not(None))
    if corrected:
        query = query.where(scores.correction.is_not(None))
    if before is not None:
        query = query.where(scores.span_id < before)
    rows = connection.execute(query.order_by(scores.span_id.desc()).limit(limit))
    return [row[0] for row in rows]


def record_harvested(connection: Connection, spans: Sequence[UUID], dataset: str) -> None:
    """Record that spans became rows of a dataset version."""
    created_at = now()
    rows = [{"span_id": span, "dataset": dataset, "created_at": created_at} for span in spans]
    if rows:
        connection.execute(insert(tables.harvested).on_conflict_do_nothing(), rows)
