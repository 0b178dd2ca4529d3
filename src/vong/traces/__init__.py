"""What was asked and answered: search, count and read the spans that the journal wrote, and take in spans of others.

In: a filter, the id of a span or of a trace, or spans that another program measured. Out: `SpanSummary` lists (newest
first, without bodies), whole `Span`s, and a `Trace`: its spans as trees.
"""

from vong.traces.ingest import ingest
from vong.traces.search import SpanFilter, among, count, for_ids, get, search
from vong.traces.tree import tree
from vong.traces.usage import facets, usage

__all__ = ["SpanFilter", "among", "count", "facets", "for_ids", "get", "ingest", "search", "tree", "usage"]
