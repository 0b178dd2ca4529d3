"""Feedback connected to spans, running canaries and datasets."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong import data, feedback, traces
from vong.app.platform import Platform, ScoreListener
from vong.app.traces import get_span, with_score_counts
from vong.data.near_duplicates import DEFAULT_THRESHOLD, cluster, input_text
from vong.data.row_checks import find_problem
from vong.errors import InvalidInput, VongError
from vong.feedback.harvest import Disagreement
from vong.feedback.scores import Source, record_harvested
from vong.records import Example, Operation, Record, Score, Span
from vong.records.name import check_versioned_name
from vong.records.trace import SpanSummary

log = logging.getLogger(__name__)

SPANS_PER_QUERY = 500


class HarvestQuery(feedback.HarvestSettings):
    """Query for scored spans to harvest: the given `spans`, or all whose scores match the other fields."""

    spans: tuple[UUID, ...] = Field(default=(), max_length=100_000)
    route: str | None = None
    model_version: str | None = None
    source: Source | None = None
    since: datetime | None = None
    until: datetime | None = None


class HarvestRequest(HarvestQuery):
    """Harvest request: which spans to turn into rows, and of which dataset. A new dataset is created.

    Rows that equal rows of the `exclude_splits` splits, or are near-duplicates of them, are left out, so that test rows
    never reach the training data.
    """

    dataset: str
    exclude_splits: tuple[str, ...] = ("test", "validation")


class HarvestResult(Record):
    """Dataset version that contains the harvest, and its counts."""

    ref: str
    rows: int
    splits: dict[str, int]
    added: int
    corrections: int
    good: int
    excluded: int
    disagreements: list[Disagreement]
    skipped: dict[str, int]


def add_score(
    platform: Platform, project_id: UUID, judgement: feedback.ScoreCreate, *, key: str | None = None
) -> Score:
    """Store a score and notify the listeners.

    A judgement without an id gets one from the request's `key`, so that a repeated request stores one score.

    Raises: NotFound if the span does not exist.
    """
    if judgement.id is None and key is not None:
        judgement = judgement.model_copy(update={"id": uuid5(NAMESPACE_URL, f"vong:feedback:{key}")})
    span = get_span(platform, project_id, judgement.span_id)
    with platform.scope(project_id) as connection:
        added = feedback.add_score(connection, span, judgement)
    if added.new:
        notify_listeners(platform, project_id, added.score)
    return added.score


class InboxItem(Record):
    """A score and its span, or no `span` if that is no longer stored."""

    score: Score
    span: SpanSummary | None = None


def list_inbox(
    connection: Connection, score_filter: feedback.ScoreFilter, after: UUID | None, limit: int
) -> list[InboxItem]:
    """Return scores, newest first, each with its span."""
    page = feedback.list_scores(connection, score_filter, after=after, limit=limit, newest_first=True)
    ids = {score.span_id for score in page if score.span_id is not None}
    spans = {span.id: span for span in with_score_counts(connection, traces.filter_ids(connection, ids))}
    return [InboxItem(score=score, span=spans.get(score.span_id) if score.span_id else None) for score in page]


def preview_harvest(platform: Platform, project_id: UUID, query: HarvestQuery) -> feedback.Harvest:
    """Return the result of a harvest without storing it."""
    with platform.scope(project_id) as connection:
        scores = feedback.list_all_scores(connection, _score_filter(query))
        ids = list(dict.fromkeys(score.span_id for score in scores if score.span_id is not None))
        spans: list[Span] = []
        for start in range(0, len(ids), SPANS_PER_QUERY):
            spans += traces.get_spans(connection, ids[start : start + SPANS_PER_QUERY])
    return feedback.harvest(spans, scores, query)


def harvest(platform: Platform, project_id: UUID, request: HarvestRequest) -> HarvestResult:
    """Harvest into the next version of the dataset.

    Raises: InvalidInput if the dataset is new and nothing matches.
    """
    check_versioned_name(request.dataset, "dataset")
    harvested = preview_harvest(platform, project_id, request)
    with platform.scope(project_id) as connection:
        newest = next(iter(data.list_versions(connection, request.dataset, limit=1)), None)
        examples = [example for example in harvested.examples if find_problem(example) is None]
        unusable = len(harvested.examples) - len(examples)
        skipped = harvested.skipped | ({"content that cannot be stored": unusable} if unusable else {})
        if newest is None and not examples:
            reasons = ", ".join(f"{count} {reason}" for reason, count in skipped.items()) or "no score matches"
            raise InvalidInput(f"nothing to harvest: {reasons}", "list the scores with: vong feedback list")
        if newest is not None:
            rows = data.read(platform.blobs, newest)
            examples = exclude_near_duplicates(
                examples, [row for row in rows if row.metadata.get("split") in request.exclude_splits]
            )
        operation = Operation(
            name="harvest",
            settings=request.model_dump(mode="json", exclude={"spans"}),
            changes={
                "corrections": harvested.corrections,
                "good": harvested.good,
                "excluded": len(harvested.examples) - unusable - len(examples),
                "disagreements": len(harvested.disagreements),
            },
        )
        version = data.append(connection, platform.blobs, request.dataset, examples, operation)
        record_harvested(connection, [UUID(row.origin.id) for row in examples if row.origin], version.ref)
    return HarvestResult(
        ref=version.ref,
        rows=version.rows,
        splits=version.splits,
        added=version.rows - (newest.rows if newest else 0),
        corrections=harvested.corrections,
        good=harvested.good,
        excluded=len(harvested.examples) - unusable - len(examples),
        disagreements=harvested.disagreements,
        skipped=skipped,
    )


def exclude_near_duplicates(examples: Sequence[Example], guarded: Sequence[Example]) -> list[Example]:
    """Return the examples whose input is not a near-duplicate of a guarded row's input."""
    if not guarded:
        return list(examples)
    groups = cluster([input_text(row) for row in (*guarded, *examples)], DEFAULT_THRESHOLD).near
    guarded_groups = set(groups[: len(guarded)])
    return [
        example for example, group in zip(examples, groups[len(guarded) :], strict=True) if group not in guarded_groups
    ]


def _score_filter(query: HarvestQuery) -> feedback.ScoreFilter:
    return feedback.ScoreFilter(**query.model_dump(include=set(feedback.ScoreFilter.model_fields)))


def notify_listeners(platform: Platform, project_id: UUID, score: Score) -> None:
    """Notify the score listeners of this process."""
    call_listeners(platform.score_listeners, platform, project_id, score)


def call_listeners(listeners: Sequence[ScoreListener], platform: Platform, project_id: UUID, score: Score) -> None:
    """Call listeners. A failure is logged only: the score is stored, and the listener catches up later."""
    for listener in listeners:
        try:
            listener(platform, project_id, score)
        except (VongError, SQLAlchemyError):
            log.exception("score listener failed on score %s", score.id)
