"""Span trees of a trace."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import NotFound
from vong.records import Usage
from vong.records.trace import SpanNode, SpanSummary, Trace
from vong.traces import tables
from vong.traces.search import LISTING, summary

LIMIT = 10_000
"""Maximum spans that are read of one trace, oldest first."""
DEEPEST = 100
MILLISECOND = timedelta(milliseconds=1)


def tree(connection: Connection, trace_id: str) -> Trace:
    """Return a trace with all its spans. Raises NotFound if this project has no span of the trace."""
    spans = [summary(row) for row in tables.of_trace(connection, trace_id, LIMIT)]
    if not spans:
        raise NotFound(f"no trace {trace_id!r}", f"list the newest spans with: {LISTING}")
    return grow(spans)


def grow(spans: Sequence[SpanSummary]) -> Trace:
    """Build a trace from at least one span, sorted by start time."""
    begin = spans[0].started_at
    end = max(span.started_at + timedelta(milliseconds=span.duration_ms) for span in spans)
    known = {span.span_id: span for span in spans}
    nodes = [(*_place(span, known), span) for span in spans]
    below: defaultdict[UUID, list[SpanNode]] = defaultdict(list)
    roots: list[SpanNode] = []
    for _, parent, span in sorted(nodes, key=lambda node: (-node[0], node[2].started_at)):
        child = SpanNode(span=span, offset_ms=(span.started_at - begin) / MILLISECOND, children=tuple(below[span.id]))
        (roots if parent is None else below[parent.id]).append(child)
    return Trace(
        trace_id=spans[0].trace_id,
        started_at=begin,
        duration_ms=(end - begin) / MILLISECOND,
        spans=len(spans),
        errors=sum(span.status == "error" for span in spans),
        usage=_total(used for root in roots for used in _measured(root)),
        roots=tuple(roots),
    )


def _place(span: SpanSummary, known: dict[str, SpanSummary]) -> tuple[int, SpanSummary | None]:
    """Return the depth of a span and its parent.

    Spans in a cycle of parents, and spans deeper than `MAX_DEPTH`, are roots.
    """
    parent = ancestor = known.get(span.parent_span_id or "")
    for depth in range(DEEPEST):
        if ancestor is None:
            return depth, parent
        if ancestor is span:
            break
        ancestor = known.get(ancestor.parent_span_id or "")
    return 0, None


def _measured(node: SpanNode) -> Iterable[Usage]:
    """Return the usage of the deepest spans that have one, so that the sum of a parent is not counted twice."""
    below = [used for child in node.children for used in _measured(child)]
    own = node.span.usage
    return below or ([own] if own != Usage() else [])


def _total(usages: Iterable[Usage]) -> Usage:
    used = list(usages)
    if not used:
        return Usage()
    costs = [usage.cost for usage in used if usage.cost is not None]
    return Usage(
        input_tokens=_sum(usage.input_tokens for usage in used),
        output_tokens=_sum(usage.output_tokens for usage in used),
        cached_tokens=_sum(usage.cached_tokens for usage in used),
        cost=sum(costs) if len(costs) == len(used) else None,
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
