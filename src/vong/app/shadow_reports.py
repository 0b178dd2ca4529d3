"""Shadow results with their spans, and summaries per target."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from uuid import UUID

from sqlalchemy import Connection

from vong import traces
from vong.gateway.cache.comparison_store import list_comparisons
from vong.records import Record
from vong.records.cache import ComparisonKind, ShadowComparison, ShadowTargetStats
from vong.records.intervals import normal_interval
from vong.records.trace import SpanSummary

MAX_SUMMARIZED_PAIRS = 1000
"""Maximum number of pairs in a summary."""


class ShadowPair(Record):
    """Two answers to one request. A span is null if it is not stored, no longer or not yet."""

    comparison: ShadowComparison
    first: SpanSummary | None
    second: SpanSummary | None


def list_pairs(
    connection: Connection, filters: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[ShadowPair]:
    """Return the newest pairs, each with its two spans. `filters`: `route` and `kind`."""
    comparisons = _list_comparisons(connection, filters, after, limit)
    spans = _load_spans(connection, comparisons)
    return [
        ShadowPair(comparison=comparison, first=spans.get(comparison.of), second=spans.get(comparison.span_id))
        for comparison in comparisons
    ]


def summarize_pairs(connection: Connection, filters: Mapping[str, str | None]) -> list[ShadowTargetStats]:
    """Return summaries of the newest pairs for each route, target and kind."""
    comparisons = _list_comparisons(connection, filters, None, MAX_SUMMARIZED_PAIRS)
    spans = _load_spans(connection, comparisons)
    groups: defaultdict[tuple[str, str, ComparisonKind], list[ShadowComparison]] = defaultdict(list)
    for comparison in comparisons:
        groups[comparison.route, comparison.target, comparison.kind].append(comparison)
    return [_summarize(*key, group, spans) for key, group in sorted(groups.items())]


def _list_comparisons(
    connection: Connection, filters: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[ShadowComparison]:
    route, kind = filters.get("route"), filters.get("kind")
    compared_as: ComparisonKind | None = "shadow" if kind == "shadow" else "cache" if kind == "cache" else None
    return list_comparisons(connection, route=route, kind=compared_as, after=after, limit=limit)


def _load_spans(connection: Connection, comparisons: Sequence[ShadowComparison]) -> dict[UUID, SpanSummary]:
    ids = {id for comparison in comparisons for id in (comparison.of, comparison.span_id)}
    return {span.id: span for span in traces.filter_ids(connection, ids)} if ids else {}


def _summarize(
    route: str, target: str, kind: ComparisonKind, group: Sequence[ShadowComparison], spans: Mapping[UUID, SpanSummary]
) -> ShadowTargetStats:
    agreements = [comparison.agreement for comparison in group if comparison.agreement is not None]
    both = [
        (spans[comparison.of], spans[comparison.span_id])
        for comparison in group
        if comparison.of in spans and comparison.span_id in spans
    ]
    mean = fmean(agreements) if agreements else None
    bounds = (
        normal_interval(mean, stdev(agreements), len(agreements)) if mean is not None and len(agreements) > 1 else None
    )
    return ShadowTargetStats(
        route=route,
        target=target,
        kind=kind,
        pairs=len(group),
        failed=len(group) - len(agreements),
        agreement=mean,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        same=sum(comparison >= 1 for comparison in agreements) / len(agreements) if agreements else None,
        first_ms=median(first.duration_ms for first, _ in both) if both else None,
        second_ms=median(second.duration_ms for _, second in both) if both else None,
        first_cost=_total_cost([first for first, _ in both]),
        second_cost=_total_cost([second for _, second in both]),
    )


def _total_cost(spans: Sequence[SpanSummary]) -> int | None:
    """Return the total cost, or None if any price is unknown."""
    costs = [span.usage.cost for span in spans]
    known_costs = [cost for cost in costs if cost is not None]
    return sum(known_costs) if costs and len(known_costs) == len(costs) else None
