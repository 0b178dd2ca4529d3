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
from vong.traces.search import LIST_COMMAND, to_summary

MAX_SPANS = 10_000
"""Maximum spans that are read of one trace, oldest first."""
MAX_DEPTH = 100
MILLISECOND = timedelta(milliseconds=1)


def get_trace(connection: Connection, trace_id: str) -> Trace:
    """Return a trace with all its spans. Raises NotFound if this project has no span of the trace."""
    spans = [to_summary(row) for row in tables.list_trace(connection, trace_id, MAX_SPANS)]
    if not spans:
        raise NotFound(f"no trace {trace_id!r}", f"list the newest spans with: {LIST_COMMAND}")
    return build_tree(spans)


def build_tree(spans: Sequence[SpanSummary]) -> Trace:
    """Build a trace from at least one span, sorted by start time."""
    begin = spans[0].started_at
    end = max(span.started_at + timedelta(milliseconds=span.duration_ms) for span in spans)
    known = {span.span_id: span for span in spans}
    nodes = [(*_depth_and_parent(span, known), span) for span in spans]
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
        usage=_sum_usages(used for root in roots for used in _deepest_usages(root)),
        roots=tuple(roots),
    )


def _depth_and_parent(span: SpanSummary, known: dict[str, SpanSummary]) -> tuple[int, SpanSummary | None]:
    """Return the depth of a span and its parent.

    Spans in a cycle of parents, and spans deeper than `MAX_DEPTH`, are roots.
    """
    parent = ancestor = known.get(span.parent_span_id or "")
    for depth in range(MAX_DEPTH):
        if ancestor is None:
            return depth, parent
        if ancestor is span:
            break
        ancestor = known.get(ancestor.parent_span_id or "")
    return 0, None


def _deepest_usages(node: SpanNode) -> Iterable[Usage]:
    """Return the usage of the deepest spans that have one, so that the sum of a parent is not counted twice."""
    below = [used for child in node.children for used in _deepest_usages(child)]
    own = node.span.usage
    return below or ([own] if own != Usage() else [])


def _sum_usages(usages: Iterable[Usage]) -> Usage:
    used = list(usages)
    if not used:
        return Usage()
    costs = [usage.cost for usage in used if usage.cost is not None]
    return Usage(
        input_tokens=_sum_known(usage.input_tokens for usage in used),
        output_tokens=_sum_known(usage.output_tokens for usage in used),
        cached_tokens=_sum_known(usage.cached_tokens for usage in used),
        cost=sum(costs) if len(costs) == len(used) else None,
    )


def _sum_known(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
