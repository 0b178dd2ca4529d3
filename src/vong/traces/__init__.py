"""Traces: search, count, read and ingest spans, and export them to OpenTelemetry.

In: a filter, the id of a span or a trace, or spans measured by another program. Out: `SpanSummary` lists (newest first,
without bodies), complete `Span`s, and a `Trace` with its spans as trees. May import `vong.config`, `vong.errors`,
`vong.records` and `vong.store`.
"""

from vong.traces.ingest import ingest
from vong.traces.search import SpanFilter, count_spans, filter_ids, get_span, get_spans, search_spans
from vong.traces.tree import get_trace
from vong.traces.usage import get_facets, get_usage

__all__ = [
    "SpanFilter",
    "count_spans",
    "filter_ids",
    "get_facets",
    "get_span",
    "get_spans",
    "get_trace",
    "get_usage",
    "ingest",
    "search_spans",
]
