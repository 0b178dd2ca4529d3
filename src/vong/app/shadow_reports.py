"""Pairs of answers beside their spans, and what they say together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from uuid import UUID

from sqlalchemy import Connection

from vong import traces
from vong.gateway.cache.comparison_store import list_comparisons
from vong.records import Record
from vong.records.cache import ComparedAs, ShadowComparison, ShadowTargetStats
from vong.records.intervals import normal
from vong.records.trace import SpanSummary

NEWEST = 1000
"""Pairs that are summed up."""


class ShadowPair(Record):
    """Two answers to one request. A span that is not stored (any more, or yet) is null."""

    comparison: ShadowComparison
    first: SpanSummary | None
    second: SpanSummary | None


def pairs(connection: Connection, wanted: Mapping[str, str | None], after: UUID | None, limit: int) -> list[ShadowPair]:
    """The newest pairs, each with its two spans. `wanted`: `route`, `kind`."""
    found = _found(connection, wanted, after, limit)
    spans = _spans(connection, found)
    return [ShadowPair(comparison=one, first=spans.get(one.of), second=spans.get(one.span_id)) for one in found]


def compared(connection: Connection, wanted: Mapping[str, str | None]) -> list[ShadowTargetStats]:
    """What the newest pairs say, for each route, target and kind."""
    found = _found(connection, wanted, None, NEWEST)
    spans = _spans(connection, found)
    groups: defaultdict[tuple[str, str, ComparedAs], list[ShadowComparison]] = defaultdict(list)
    for one in found:
        groups[one.route, one.target, one.kind].append(one)
    return [_summed(*key, group, spans) for key, group in sorted(groups.items())]


def _found(
    connection: Connection, wanted: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[ShadowComparison]:
    route, kind = wanted.get("route"), wanted.get("kind")
    known: ComparedAs | None = "shadow" if kind == "shadow" else "cache" if kind == "cache" else None
    return list_comparisons(connection, route=route, kind=known, after=after, limit=limit)


def _spans(connection: Connection, found: Sequence[ShadowComparison]) -> dict[UUID, SpanSummary]:
    ids = {id for one in found for id in (one.of, one.span_id)}
    return {span.id: span for span in traces.among(connection, ids)} if ids else {}


def _summed(
    route: str, target: str, kind: ComparedAs, group: Sequence[ShadowComparison], spans: Mapping[UUID, SpanSummary]
) -> ShadowTargetStats:
    agreements = [one.agreement for one in group if one.agreement is not None]
    both = [(spans[one.of], spans[one.span_id]) for one in group if one.of in spans and one.span_id in spans]
    mean = fmean(agreements) if agreements else None
    bounds = normal(mean, stdev(agreements), len(agreements)) if mean is not None and len(agreements) > 1 else None
    return ShadowTargetStats(
        route=route,
        target=target,
        kind=kind,
        pairs=len(group),
        failed=len(group) - len(agreements),
        agreement=mean,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        same=sum(one >= 1 for one in agreements) / len(agreements) if agreements else None,
        first_ms=median(first.duration_ms for first, _ in both) if both else None,
        second_ms=median(second.duration_ms for _, second in both) if both else None,
        first_cost=_cost([first for first, _ in both]),
        second_cost=_cost([second for _, second in both]),
    )


def _cost(spans: Sequence[SpanSummary]) -> int | None:
    """The sum, where every price is known."""
    costs = [span.usage.cost for span in spans]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if costs and len(known) == len(costs) else None
