"""Shadow results with their spans, and summaries per target."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from uuid import UUID

from sqlalchemy import Connection

from vong import traces
from vong.gateway.cache.shadow_result_store import list_shadow_results
from vong.records import Record
from vong.records.cache import ShadowResult, ShadowResultKind, ShadowTargetStats
from vong.records.intervals import normal_interval
from vong.records.trace import SpanSummary

MAX_SUMMARIZED_PAIRS = 1000
"""Maximum number of pairs in a summary."""


class ShadowPair(Record):
    """Two responses to one request. A span is null if it is not stored, no longer or not yet."""

    result: ShadowResult
    original: SpanSummary | None
    shadow: SpanSummary | None


def list_pairs(
    connection: Connection, filters: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[ShadowPair]:
    """Return the newest pairs, each with its two spans. `filters`: `route` and `kind`."""
    results = _list_results(connection, filters, after, limit)
    spans = _load_spans(connection, results)
    return [
        ShadowPair(result=result, original=spans.get(result.original_span_id), shadow=spans.get(result.span_id))
        for result in results
    ]


def summarize_pairs(connection: Connection, filters: Mapping[str, str | None]) -> list[ShadowTargetStats]:
    """Return summaries of the newest pairs for each route, target and kind."""
    results = _list_results(connection, filters, None, MAX_SUMMARIZED_PAIRS)
    spans = _load_spans(connection, results)
    groups: defaultdict[tuple[str, str, ShadowResultKind], list[ShadowResult]] = defaultdict(list)
    for result in results:
        groups[result.route, result.target, result.kind].append(result)
    return [_summarize(*key, group, spans) for key, group in sorted(groups.items())]


def _list_results(
    connection: Connection, filters: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[ShadowResult]:
    route, kind = filters.get("route"), filters.get("kind")
    compared_as: ShadowResultKind | None = "shadow" if kind == "shadow" else "cache" if kind == "cache" else None
    return list_shadow_results(connection, route=route, kind=compared_as, after=after, limit=limit)


def _load_spans(connection: Connection, results: Sequence[ShadowResult]) -> dict[UUID, SpanSummary]:
    ids = {id for result in results for id in (result.original_span_id, result.span_id)}
    return {span.id: span for span in traces.filter_ids(connection, ids)} if ids else {}


def _summarize(
    route: str, target: str, kind: ShadowResultKind, group: Sequence[ShadowResult], spans: Mapping[UUID, SpanSummary]
) -> ShadowTargetStats:
    agreements = [result.agreement for result in group if result.agreement is not None]
    both = [
        (spans[result.original_span_id], spans[result.span_id])
        for result in group
        if result.original_span_id in spans and result.span_id in spans
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
        agreement_low=bounds[0] if bounds else None,
        agreement_high=bounds[1] if bounds else None,
        same=sum(agreement >= 1 for agreement in agreements) / len(agreements) if agreements else None,
        original_ms=median(original.duration_ms for original, _ in both) if both else None,
        shadow_ms=median(shadow.duration_ms for _, shadow in both) if both else None,
        original_cost=_total_cost([original for original, _ in both]),
        shadow_cost=_total_cost([shadow for _, shadow in both]),
    )


def _total_cost(spans: Sequence[SpanSummary]) -> int | None:
    """Return the total cost, or None if any price is unknown."""
    costs = [span.usage.cost for span in spans]
    known_costs = [cost for cost in costs if cost is not None]
    return sum(known_costs) if costs and len(known_costs) == len(costs) else None
