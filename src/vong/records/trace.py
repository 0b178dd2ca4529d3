"""Spans as lists and trees show them: without their bodies."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records.record import Record
from vong.records.span import SpanVersions
from vong.records.usage import Usage


class SpanSummary(Record):
    """A span without its bodies and attributes. The previews are the beginnings (160 characters) of the text that a
    person would read in its input (newest message first) and output. `scores` and `corrections` say how many there are
    of it, where a list says so; null where nobody looked.
    """

    id: UUID
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str
    kind: str
    status: Literal["ok", "error"]
    error: str | None = None
    started_at: datetime
    duration_ms: float
    first_token_ms: float | None = None
    model: str | None = None
    user: str | None = None
    session: str | None = None
    key: str | None = None
    usage: Usage = Usage()
    versions: SpanVersions = SpanVersions()
    input_preview: str = ""
    output_preview: str = ""
    scores: int | None = None
    corrections: int | None = None


class SpanBatch(Record):
    """Spans that were stored, in the order in which they began. `gap` where some before them may be missing: read the
    list anew.
    """

    spans: tuple[SpanSummary, ...] = ()
    gap: bool = False


class SpanNode(Record):
    """A span in its trace. `offset_ms` counts from the start of the trace; children are ordered by their start."""

    span: SpanSummary
    offset_ms: float
    children: tuple["SpanNode", ...] = ()


class Trace(Record):
    """All spans of one trace as trees. A span whose parent is not recorded here (a caller's own span, or one still
    running) is a root. `usage` sums the spans that have no measured child, so that nothing counts twice; its cost is
    null where any of them has no known price.
    """

    trace_id: str
    started_at: datetime
    duration_ms: float
    spans: int
    errors: int
    usage: Usage = Usage()
    roots: tuple[SpanNode, ...]
