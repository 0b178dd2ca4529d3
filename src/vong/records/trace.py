"""Spans in lists and trees, without their bodies."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records.record import Record
from vong.records.span import SpanVersions
from vong.records.usage import Usage


class SpanSummary(Record):
    """Span without bodies and attributes.

    The previews are the first 160 characters of the readable text of the input (newest message first) and the output.
    `scores` and `corrections` are counts; null if they were not requested.
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
    """Newly stored spans, ordered by start time.

    `gap` is true if earlier spans may be missing: the client must then reload the list.
    """

    spans: tuple[SpanSummary, ...] = ()
    gap: bool = False


class SpanNode(Record):
    """Span in its trace. `offset_ms` is relative to the start of the trace; children are ordered by start time."""

    span: SpanSummary
    offset_ms: float
    children: tuple["SpanNode", ...] = ()


class Trace(Record):
    """All spans of one trace as trees.

    A span whose parent is not recorded (a span of the caller, or one that is still running) is a root. `usage` sums the
    spans without measured children, so that nothing counts twice. Its cost is null if the price of any of them is
    unknown.
    """

    trace_id: str
    started_at: datetime
    duration_ms: float
    spans: int
    errors: int
    usage: Usage = Usage()
    roots: tuple[SpanNode, ...]
