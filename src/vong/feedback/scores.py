"""Scores: added once, never changed, found by what they judge."""

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
SAYS: dict[Kind, str] = {"score": "value", "correction": "correction", "comment": "comment"}
CONTENT = ("span_id", "name", "value", "comment", "correction", "source", "author")


class ScoreCreate(Record):
    """What is said of an answer. At least one of `value` (0..1, 1 is best), `comment` and `correction` (the text that
    the answer should have been) is there. The same `id` again is the same score.
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
    """Which scores: all that is given must fit. `since` is inclusive, `until` is not. `kind` is what a score says: one
    that has a value, a correction or a comment (it may have several). `harvested`: whether its span became a row of a
    dataset after it was given.
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
    """A score as it is stored, and whether it is new."""

    score: Score
    new: bool


def add(connection: Connection, span: Span, judgement: ScoreCreate) -> AddedScore:
    """Store what is said of this span. InvalidInput where nothing is said, Conflict where the id is another score's."""
    if judgement.span_id != span.id:
        raise InvalidInput(f"the judgement is of span {judgement.span_id}, not of {span.id}", "name the same span")
    if judgement.value is None and not judgement.comment and judgement.correction is None:
        raise InvalidInput("a score says nothing", "give a value from 0 to 1, a comment or a correction")
    score = Score.model_validate({**judgement.model_dump(), "id": judgement.id or new_id(), "created_at": now()})
    versions = {"route": span.versions.route, "model": span.model, "model_version": span.versions.model_version}
    statement = insert(tables.scores).values({**score.model_dump(), **versions}).on_conflict_do_nothing()
    if connection.scalar(statement.returning(tables.scores.c.id)) is not None:
        return AddedScore(score, True)
    stored = get(connection, score.id)
    if any(getattr(stored, name) != getattr(score, name) for name in CONTENT):
        raise Conflict(f"the id {score.id} belongs to another score", "give each score an id of its own, or none")
    return AddedScore(stored, False)


def get(connection: Connection, id: UUID) -> Score:
    """The score of that id. NotFound where this project has none."""
    row = connection.execute(select(tables.scores).where(tables.scores.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no score {str(id)!r}", "list them with: vong feedback list")
    return _record(row)


def list_scores(
    connection: Connection,
    wanted: ScoreFilter | None = None,
    *,
    after: UUID | None = None,
    limit: int = 50,
    newest_first: bool = False,
    **filters: Any,
) -> list[Score]:
    """The scores that fit, oldest first. `after` is the id of the last score of the page before. The fields of a
    Filter may be given by name.
    """
    wanted = wanted or ScoreFilter(**filters)
    scores = tables.scores.c
    place = tuple_(scores.created_at, scores.id)
    query = select(tables.scores).where(*conditions(wanted)).limit(limit)
    query = (
        query.order_by(scores.created_at.desc(), scores.id.desc())
        if newest_first
        else query.order_by(scores.created_at, scores.id)
    )
    if after is not None:
        last = get(connection, after)
        query = query.where(place < (last.created_at, last.id) if newest_first else place > (last.created_at, last.id))
    return [_record(row) for row in connection.execute(query).mappings()]


def every_score(connection: Connection, wanted: ScoreFilter) -> list[Score]:
    """All scores that fit, oldest first, however many."""
    found: list[Score] = []
    while page := list_scores(connection, wanted, after=found[-1].id if found else None, limit=5000):
        found += page
    return found


def conditions(wanted: ScoreFilter) -> Sequence[Any]:
    """A filter as conditions of SQL."""
    scores = tables.scores.c
    found: list[Any] = []
    for column in (scores.name, scores.route, scores.model, scores.model_version, scores.source):
        value = getattr(wanted, column.name)
        if value is not None:
            found.append(column == value)
    if wanted.kind is not None:
        found.append(scores[SAYS[wanted.kind]].is_not(None))
    if wanted.harvested is not None:
        taken = tables.harvested.c
        after = select(taken.span_id).where(taken.span_id == scores.span_id, taken.at >= scores.created_at).exists()
        found.append(after if wanted.harvested else ~after)
    if wanted.spans:
        found.append(scores.span_id.in_(wanted.spans))
    if wanted.since is not None:
        found.append(scores.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(scores.created_at < wanted.until)
    return found


def _record(row: Any) -> Score:
    return Score.model_validate({name: row[name] for name in Score.model_fields})


class ScoreCounts(NamedTuple):
    """How many scores a span has, and how many of them correct it."""

    scores: int
    corrections: int


def counts(connection: Connection, spans: Sequence[UUID]) -> dict[UUID, ScoreCounts]:
    """The counts of those of these spans that have any."""
    scores = tables.scores.c
    query = select(scores.span_id, func.count(), func.count(scores.correction)).where(scores.span_id.in_(spans))
    rows = connection.execute(query.group_by(scores.span_id)).all() if spans else []
    return {row[0]: ScoreCounts(row[1], row[2]) for row in rows}


def scored_spans(
    connection: Connection, *, corrected: bool = False, before: UUID | None = None, limit: int = 500
) -> list[UUID]:
    """The spans that have a score (or a correction), newest id first, those before an id."""
    scores = tables.scores.c
    query = select(scores.span_id).distinct().where(scores.span_id.is_not(None))
    if corrected:
        query = query.where(scores.correction.is_not(None))
    if before is not None:
        query = query.where(scores.span_id < before)
    rows = connection.execute(query.order_by(scores.span_id.desc()).limit(limit))
    return [row[0] for row in rows]


def note_harvested(connection: Connection, spans: Sequence[UUID], dataset: str) -> None:
    """Remember that these spans became rows of that dataset version."""
    at = now()
    rows = [{"span_id": span, "dataset": dataset, "at": at} for span in spans]
    if rows:
        connection.execute(insert(tables.harvested).on_conflict_do_nothing(), rows)
