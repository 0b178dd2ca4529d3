"""Row template for spans that differ in few columns: the common columns are packed once.

Packing all thirty columns costs as much time as forwarding a call.
"""

from struct import Struct
from typing import NamedTuple
from uuid import UUID

from vong.records import Span, Usage
from vong.records.record import uuid_of
from vong.store.spans import copy_format
from vong.store.spans.schema import DAY, FIELDS, PLAIN, PLAIN_PACKERS, USAGE, VERSIONS, PartialRow, day

IDS = ("id", "trace_id", "span_id")
TIMES = ("started_at", "duration_ms")
_TIMES = PLAIN.index(TIMES[0])
if PLAIN[:3] != IDS or PLAIN[_TIMES : _TIMES + 2] != TIMES:
    raise AssertionError("the columns of a span are not in the order that row templates assume")

_ids = Struct(">i16si32si16s").pack
_times = Struct(">iqid").pack


class SpanFields(NamedTuple):
    """Columns in which the spans of a template differ.

    `id` is the integer value of the UUID, `start_us` the start in microseconds since 2000-01-01 UTC. `attributes` and
    `body` are JSON. `input_text` and `output_text` are the preview texts.
    """

    id: int
    at: int
    duration_ms: float
    usage: Usage
    attributes: bytes
    input: str
    output: str
    body: bytes


class RowTemplate:
    """Rows of spans that are roots of their own traces and differ only in `SpanFields`."""

    __slots__ = ("_begin", "_end", "_middle", "_within")

    def __init__(self, project_id: UUID, span: Span) -> None:
        """Take the common columns from `span`."""
        values, versions = span.__dict__, span.versions.__dict__
        packed = [copy_format.NULL if values[name] is None else pack(values[name]) for name, pack in PLAIN_PACKERS]
        self._begin = FIELDS + copy_format.uuid(project_id)
        self._within = b"".join(packed[len(IDS) : _TIMES])
        self._middle = b"".join(packed[_TIMES + len(TIMES) :])
        self._end = b"".join([copy_format.common(versions[name]) for name in VERSIONS])

    def draft(self, told: SpanFields) -> PartialRow:
        """Return the row of a span without its bodies."""
        id, at, duration_ms, usage, attributes, input, output, body = told
        number, digits, used = id.to_bytes(16, "big"), b"%032x" % id, usage.__dict__
        columns = [
            self._begin,
            _ids(16, number, 32, digits, 16, digits[16:]),
            self._within,
            _times(8, at, 8, duration_ms),
            self._middle,
            *[copy_format.int8(used[name]) for name in USAGE],
            self._end,
            copy_format.jsonb(attributes),
            copy_format.text(input),
            copy_format.text(output),
        ]
        return PartialRow(b"".join(columns), body, uuid_of(id), day(at // DAY))
