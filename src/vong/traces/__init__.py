"""Traces: search, count, read and ingest spans, and export them to OpenTelemetry.

In: a filter, the id of a span or a trace, or spans measured by another program. Out: `SpanSummary` lists (newest first,
without bodies), complete `Span`s, and a `Trace` with its spans as trees. May import `vong.config`, `vong.errors`,
`vong.records` and `vong.store`.
"""

from vong.traces.ingest import ingest
from vong.traces.search import SpanFilter, among, count, for_ids, get, search
from vong.traces.tree import tree
from vong.traces.usage import facets, usage

__all__ = ["SpanFilter", "among", "count", "facets", "for_ids", "get", "ingest", "search", "tree", "usage"]
