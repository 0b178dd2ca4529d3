"""How a span lies in PostgreSQL: its table, and the way there and back.

What is searched has a column of its own; the bodies lie in one zstd-compressed column that lists never touch. A bounded
preview of the bodies' text is kept beside them, and its words are indexed.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import zstandard
from sqlalchemy import BigInteger, Column, DateTime, Double, Index, LargeBinary, PrimaryKeyConstraint, Row, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from vong.errors import InvalidInput
from vong.records import Span, Usage
from vong.records.span import SpanVersions
from vong.records.usage import MOST_TOKENS
from vong.store.schema import project_table
from vong.store.spans import copy_format
from vong.store.spans.preview import as_json, preview

OLDEST = timedelta(days=400)
"""How long ago a span may have started: each day that has spans is a partition, so their number must be bounded."""
AHEAD = timedelta(days=1)
"""How far in the future a span may start: clocks differ."""
WORDS = (
    "to_tsvector('simple'::regconfig, (((((('p'::text || replace(project_id::text, '-'::text, ''::text)) || ' '::text) "
    "|| name) || ' '::text) || input_text) || ' '::text) || output_text)"
)
"""What full-text search looks at, written as PostgreSQL prints it. `simple`: no language's stemming, so that English
and Vietnamese are treated alike. The project is the first word, so that the index itself narrows to it.
"""

FILTERED = ("kind", "model", "route", "deployment", "model_version", "user", "session", "key")
"""What lists are filtered by: each has an index of its own, newest last."""

spans = project_table(
    "traces_spans",
    Column("id", PG_UUID(as_uuid=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("parent_span_id", Text),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("duration_ms", Double, nullable=False),
    Column("first_token_ms", Double),
    Column("model", Text),
    Column("user", Text),
    Column("session", Text),
    Column("key", Text),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cost", BigInteger),
    Column("route", Text),
    Column("route_version", Text),
    Column("deployment", Text),
    Column("model_version", Text),
    Column("dataset_version", Text),
    Column("prompt_version", Text),
    Column("index_version", Text),
    Column("config_hash", Text),
    Column("attributes", JSONB, nullable=False),
    Column("input_text", Text, nullable=False),
    Column("output_text", Text, nullable=False),
    Column("body", LargeBinary),
    PrimaryKeyConstraint("project_id", "id", "started_at", name="traces_spans_pk"),
    Index("traces_spans_newest_ix", "project_id", "started_at", "id"),
    Index("traces_spans_trace_ix", "project_id", "trace_id"),
    *(Index(f"traces_spans_{name}_ix", "project_id", name, "started_at") for name in FILTERED),
    Index("traces_spans_errors_ix", "project_id", "started_at"),
    Index("traces_spans_slow_ix", "project_id", "duration_ms"),
    Index("traces_spans_words_ix", text(WORDS), postgresql_using="gin"),
    postgresql_partition_by="RANGE (started_at)",
)

USAGE = tuple(Usage.model_fields)
VERSIONS = tuple(SpanVersions.model_fields)
PLAIN = tuple(name for name in Span.model_fields if name not in {"usage", "versions", "attributes", "input", "output"})
"""The fields of a span that are columns of the same name."""
COLUMNS = ("project_id", *PLAIN, *USAGE, *VERSIONS, "attributes", "input_text", "output_text", "body")
"""The order in which rows are sent."""
FIELDS = copy_format.count(len(COLUMNS))
REPEATED = {"kind", "status", "name", "model", "key"}
"""Columns whose texts are few."""
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
BEFORE, BEYOND = OLDEST // MICROSECOND, AHEAD // MICROSECOND
SINCE = int(copy_format.EPOCH.timestamp()) * 1_000_000
"""Microseconds from 1970 to the year from which PostgreSQL counts."""
LARGE = 64 * 1024
"""Bytes of bodies above which a span's are compressed by themselves."""
TYPE_NAMES = {PG_UUID: "uuid", DateTime: "timestamptz", Double: "float8", BigInteger: "int8"}


def _packer(column: str) -> Callable[[Any], bytes]:
    kind = type(spans.c[column].type)
    name = next((name for known, name in TYPE_NAMES.items() if issubclass(kind, known)), "text")
    return copy_format.common if column in REPEATED else copy_format.PACKERS[name]


PLAIN_PACKERS = tuple((name, _packer(name)) for name in PLAIN)


class EncodedRow(NamedTuple):
    """A span as a row of `COLUMNS` for binary COPY, and the UTC day it belongs to."""

    row: bytes
    id: UUID
    day: str


class PartialRow(NamedTuple):
    """A row without its last column, the bodies, which are in JSON yet."""

    begun: bytes
    body: bytes | None
    id: UUID
    day: str


def draft(project_id: UUID, span: Span) -> PartialRow:
    """The row of a span but for its bodies. InvalidInput where it cannot be stored."""
    started_at = span.started_at
    if started_at.tzinfo is None:
        raise InvalidInput(
            f"the span {span.id} starts at {started_at} of no time zone", "give started_at with an offset"
        )
    at = copy_format.microseconds(started_at)
    present = time.time() * 1e6 - SINCE
    if not present - BEFORE <= at <= present + BEYOND:
        message = f"the span {span.id} starts at {started_at.isoformat()}"
        raise InvalidInput(message, f"a span may be {OLDEST.days} days old and start {AHEAD.days} day ahead, no more")
    if max(span.usage.input_tokens or 0, span.usage.output_tokens or 0, span.usage.cached_tokens or 0) > MOST_TOKENS:
        raise InvalidInput(f"the span {span.id} counts more than {MOST_TOKENS} tokens", "count what one call used")
    values, used, versions = span.__dict__, span.usage.__dict__, span.versions.__dict__
    fields = [
        copy_format.uuid(project_id),
        *[copy_format.NULL if (value := values[name]) is None else pack(value) for name, pack in PLAIN_PACKERS],
        *[copy_format.int8(used[name]) for name in USAGE],
        *[copy_format.common(versions[name]) for name in VERSIONS],
        copy_format.jsonb(_jsonb(span.attributes)),
        copy_format.text(preview(span.input)),
        copy_format.text(preview(span.output)),
    ]
    return PartialRow(b"".join([FIELDS, *fields]), _body(span), span.id, day(at // DAY))


def encode(drafts: Sequence[PartialRow], compressor: zstandard.ZstdCompressor) -> list[EncodedRow]:
    """The rows of spans. Their bodies are compressed in one call, for each lets go of the interpreter's lock, and a
    thread that takes it back for every span fights the server's for it. Large ones go alone, they take room.
    """
    small: list[Any] = [one.body for one in drafts if one.body is not None and len(one.body) <= LARGE]
    compressed = iter(compressor.multi_compress_to_buffer(small, threads=0) if small else ())
    found: list[EncodedRow] = []
    for begun, body, id, day in drafts:
        if body is not None:
            body = compressor.compress(body) if len(body) > LARGE else next(compressed).tobytes()
        found.append(EncodedRow(begun + copy_format.bytea(body), id, day))
    return found


def decode(row: Row[Any], *, bodies: bool = True) -> Span:
    """The span of a row; without its bodies where they were not selected or are not wanted."""
    columns = row._mapping  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    body = columns["body"] if bodies else None
    held = json.loads(zstandard.ZstdDecompressor().decompress(body)) if body is not None else {}
    return Span(
        **{name: columns[name] for name in PLAIN},
        usage=Usage(**{name: columns[name] for name in USAGE}),
        versions=SpanVersions(**{name: columns[name] for name in VERSIONS}),
        attributes=columns["attributes"],
        input=held.get("input"),
        output=held.get("output"),
    )


def started_near(id: UUID) -> tuple[datetime, datetime]:
    """Between which moments the span of that id started, from the milliseconds in a UUIDv7, an hour to each side for
    ids that were made at the end of a long step.
    """
    at = datetime.fromtimestamp((id.int >> 80) / 1000, UTC) if id.version == 7 else datetime.fromtimestamp(0, UTC)
    return at - timedelta(hours=1), at + timedelta(hours=1)


@cache
def day(number: int) -> str:
    """The name of a day, counted from the beginning of 2000."""
    return f"{copy_format.EPOCH + timedelta(days=number):%Y%m%d}"


def _body(span: Span) -> bytes | None:
    held = {name: value for name, value in (("input", span.input), ("output", span.output)) if value is not None}
    return as_json(held) if held else None


def unfit(encoded: bytes) -> bool:
    """Whether JSON may hold what jsonb does not know."""
    return b"\\u0000" in encoded or b"\\ud" in encoded


def _jsonb(value: dict[str, Any]) -> bytes:
    """JSON that PostgreSQL's jsonb takes: it knows neither NUL nor halves of surrogate pairs."""
    encoded = as_json(value)
    if unfit(encoded):
        encoded = as_json(_cleaned(json.loads(encoded)))
    return encoded


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return copy_format.clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {copy_format.clean(str(name)): _cleaned(item) for name, item in value.items()}
    return value
