"""Row template for spans that differ in few columns: the common columns are packed once.

Packing all thirty columns costs as much time as forwarding a call.
"""

from struct import Struct
from typing import NamedTuple
from uuid import UUID

from vong.records import Span, Usage
from vong.records.record import uuid_from_int
from vong.store.spans import copy_format
from vong.store.spans.schema import (
    DAY_MICROSECONDS,
    FIELD_COUNT,
    SPAN_COLUMN_PACKERS,
    SPAN_COLUMNS,
    USAGE_COLUMNS,
    VERSION_COLUMNS,
    PartialRow,
    day_name,
)

ID_COLUMNS = ("id", "trace_id", "span_id")
TIME_COLUMNS = ("started_at", "duration_ms")
_TIMES_INDEX = SPAN_COLUMNS.index(TIME_COLUMNS[0])
if SPAN_COLUMNS[:3] != ID_COLUMNS or SPAN_COLUMNS[_TIMES_INDEX : _TIMES_INDEX + 2] != TIME_COLUMNS:
    raise AssertionError("the columns of a span are not in the order that row templates assume")

_pack_ids = Struct(">i16si32si16s").pack
_pack_times = Struct(">iqid").pack


class SpanFields(NamedTuple):
    """Columns in which the spans of a template differ.

    `id` is the integer value of the UUID, `start_us` the start in microseconds since 2000-01-01 UTC. `attributes` and
    `body` are JSON. `input_text` and `output_text` are the preview texts.
    """

    id: int
    start_us: int
    duration_ms: float
    usage: Usage
    attributes: bytes
    input_text: str
    output_text: str
    body: bytes


class RowTemplate:
    """Rows of spans that are roots of their own traces and differ only in `SpanFields`."""

    __slots__ = ("_begin", "_end", "_middle", "_within")

    def __init__(self, project_id: UUID, span: Span) -> None:
        """Take the common columns from `span`."""
        values, versions = span.__dict__, span.versions.__dict__
        packed = [
            copy_format.NULL if values[name] is None else pack(values[name]) for name, pack in SPAN_COLUMN_PACKERS
        ]
        self._begin = FIELD_COUNT + copy_format.pack_uuid(project_id)
        self._within = b"".join(packed[len(ID_COLUMNS) : _TIMES_INDEX])
        self._middle = b"".join(packed[_TIMES_INDEX + len(TIME_COLUMNS) :])
        self._end = b"".join([copy_format.pack_cached_text(versions[name]) for name in VERSION_COLUMNS])

    def build_partial_row(self, fields: SpanFields) -> PartialRow:
        """Return the row of a span without its bodies."""
        id, at, duration_ms, usage, attributes, input, output, body = fields
        number, digits, used = id.to_bytes(16, "big"), b"%032x" % id, usage.__dict__
        columns = [
            self._begin,
            _pack_ids(16, number, 32, digits, 16, digits[16:]),
            self._within,
            _pack_times(8, at, 8, duration_ms),
            self._middle,
            *[copy_format.pack_cached_int8(used[name]) for name in USAGE_COLUMNS],
            self._end,
            copy_format.pack_jsonb(attributes),
            copy_format.pack_text(input),
            copy_format.pack_text(output),
        ]
        return PartialRow(b"".join(columns), body, uuid_from_int(id), day_name(at // DAY_MICROSECONDS))
