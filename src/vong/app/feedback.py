"""Feedback wired to the spans it is about, to the canaries that wait for it, and to the datasets it grows."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field
from sqlalchemy import Connection

from vong import data, feedback, traces
from vong.app.platform import Platform
from vong.app.traces import await_span, counted
from vong.data.near_duplicates import THRESHOLD, cluster, input_text
from vong.data.versions import check_name
from vong.errors import InvalidInput, VongError
from vong.feedback.harvest import Disagreement
from vong.feedback.scores import Source, note_harvested
from vong.records import Example, Operation, Record, Score, Span
from vong.records.trace import SpanSummary

log = logging.getLogger(__name__)

SPANS_AT_ONCE = 500


class ExportQuery(feedback.HarvestSettings):
    """Which scored spans to harvest: the named `spans`, or all whose scores fit the other fields."""

    spans: tuple[UUID, ...] = Field(default=(), max_length=100_000)
    route: str | None = None
    model_version: str | None = None
    source: Source | None = None
    since: datetime | None = None
    until: datetime | None = None


class HarvestRequest(ExportQuery):
    """What to harvest into which dataset (it is made where it is new).

    Rows that are the same as, or near-duplicates of, rows in the splits of `away_from` are left out: what is tested
    must not be taught.
    """

    dataset: str
    away_from: tuple[str, ...] = ("test", "validation")


class HarvestResult(Record):
    """The dataset version that has the harvest in it, and what the harvest was."""

    ref: str
    rows: int
    splits: dict[str, int]
    added: int
    corrections: int
    good: int
    held_back: int
    disagreements: list[Disagreement]
    passed_over: dict[str, int]


def add(platform: Platform, project_id: UUID, judgement: feedback.ScoreCreate, *, key: str | None = None) -> Score:
    """Store a score and tell who waits for it. NotFound where the span does not exist.

    A repeated `key` (of a request) is the same score, where the judgement has no id of its own.
    """
    if judgement.id is None and key is not None:
        judgement = judgement.model_copy(update={"id": uuid5(NAMESPACE_URL, f"vong:feedback:{key}")})
    span = _span(platform, project_id, judgement.span_id)
    with platform.scope(project_id) as connection:
        added = feedback.add(connection, span, judgement)
    if added.new:
        _tell(platform, project_id, added.score)
    return added.score


class InboxItem(Record):
    """A score and the span that it is about; without `span` where that is not stored any more."""

    score: Score
    span: SpanSummary | None = None


def inbox(connection: Connection, wanted: feedback.ScoreFilter, after: UUID | None, limit: int) -> list[InboxItem]:
    """Scores, newest first, each beside the span it judges."""
    page = feedback.list_scores(connection, wanted, after=after, limit=limit, newest_first=True)
    ids = {score.span_id for score in page if score.span_id is not None}
    spans = {span.id: span for span in counted(connection, traces.among(connection, ids))}
    return [InboxItem(score=score, span=spans.get(score.span_id) if score.span_id else None) for score in page]


def preview(platform: Platform, project_id: UUID, wanted: ExportQuery) -> feedback.Harvest:
    """What a harvest would give, without keeping it."""
    with platform.scope(project_id) as connection:
        scores = feedback.every_score(connection, _filter(wanted))
        ids = list(dict.fromkeys(score.span_id for score in scores if score.span_id is not None))
        spans: list[Span] = []
        for start in range(0, len(ids), SPANS_AT_ONCE):
            spans += traces.for_ids(connection, ids[start : start + SPANS_AT_ONCE])
    return feedback.harvest(spans, scores, wanted)


def harvest(platform: Platform, project_id: UUID, wanted: HarvestRequest) -> HarvestResult:
    """Harvest into the next version of the dataset. InvalidInput where there is nothing to begin a dataset with."""
    check_name(wanted.dataset)
    found = preview(platform, project_id, wanted)
    with platform.scope(project_id) as connection:
        newest = next(iter(data.list_versions(connection, wanted.dataset, limit=1)), None)
        if newest is None and not found.examples:
            why = ", ".join(f"{count} {reason}" for reason, count in found.passed_over.items()) or "no scores fit"
            raise InvalidInput(f"there is nothing to harvest: {why}", "see what is there: vong feedback list")
        kept = found.examples
        if newest is not None:
            rows = data.read(platform.blobs, newest)
            kept = away_from(found.examples, [row for row in rows if row.metadata.get("split") in wanted.away_from])
        operation = Operation(
            name="harvest",
            settings=wanted.model_dump(mode="json", exclude={"spans"}),
            changes={
                "corrections": found.corrections,
                "good": found.good,
                "held_back": len(found.examples) - len(kept),
                "disagreements": len(found.disagreements),
            },
        )
        version = data.append(connection, platform.blobs, wanted.dataset, kept, operation)
        note_harvested(connection, [UUID(row.origin.id) for row in kept if row.origin], version.ref)
    return HarvestResult(
        ref=version.ref,
        rows=version.rows,
        splits=version.splits,
        added=version.rows - (newest.rows if newest else 0),
        corrections=found.corrections,
        good=found.good,
        held_back=len(found.examples) - len(kept),
        disagreements=found.disagreements,
        passed_over=found.passed_over,
    )


def away_from(examples: Sequence[Example], guarded: Sequence[Example]) -> list[Example]:
    """The examples whose input is no near-duplicate of a guarded row's."""
    if not guarded:
        return list(examples)
    near = cluster([input_text(row) for row in (*guarded, *examples)], THRESHOLD).near
    taken = set(near[: len(guarded)])
    return [example for example, group in zip(examples, near[len(guarded) :], strict=True) if group not in taken]


def _filter(wanted: ExportQuery) -> feedback.ScoreFilter:
    return feedback.ScoreFilter(**wanted.model_dump(include=set(feedback.ScoreFilter.model_fields)))


def _span(platform: Platform, project_id: UUID, span_id: UUID) -> Span:
    def look(id: UUID) -> Span | None:
        with platform.scope(project_id) as connection:
            return next(iter(traces.for_ids(connection, [id])), None)

    return await_span(platform, span_id, look)


def _tell(platform: Platform, project_id: UUID, score: Score) -> None:
    """Tell who waits for scores. The score is stored: what fails here is logged, and caught up later."""
    for listener in platform.on_score:
        try:
            listener(platform, project_id, score)
        except VongError:
            log.exception("a listener failed on score %s", score.id)
