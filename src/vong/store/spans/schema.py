"""Spans table and the conversion of spans to rows and back.

Searchable fields are separate columns. The bodies are one zstd-compressed column that lists never read. A bounded
preview of the text of the bodies is stored in two columns with a full-text index.
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
from vong.records.usage import MAX_TOKENS
from vong.store.schema import project_table
from vong.store.spans import copy_format
from vong.store.spans.preview import build_preview, encode_json

MAX_SPAN_AGE = timedelta(days=400)
"""Maximum age of a span. Each day with spans is a partition, so the number of days must be bounded."""
MAX_CLOCK_SKEW = timedelta(days=1)
"""Maximum time in the future at which a span may start, because clocks differ."""
SEARCH_EXPRESSION = (
    "to_tsvector('simple'::regconfig, (((((('p'::text || replace(project_id::text, '-'::text, ''::text)) || ' '::text) "
    "|| name) || ' '::text) || input_text) || ' '::text) || output_text)"
)
"""Full-text search expression, written as PostgreSQL prints it.

The configuration `simple` applies no stemming, so that English and Vietnamese are treated alike. The project is the
first word, so that the index narrows the search to the project.
"""

FILTER_COLUMNS = ("kind", "model", "route", "deployment", "model_version", "user", "session", "key")
"""Columns by which lists are filtered. Each has an index, ordered by start time."""

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
    *(Index(f"traces_spans_{name}_ix", "project_id", name, "started_at") for name in FILTER_COLUMNS),
    Index(
        "traces_spans_prompt_version_ix",
        "project_id",
        "prompt_version",
        "started_at",
        postgresql_where=text("prompt_version IS NOT NULL"),
    ),
    Index("traces_spans_errors_ix", "project_id", "started_at"),
    Index("traces_spans_slow_ix", "project_id", "duration_ms"),
    Index("traces_spans_words_ix", text(SEARCH_EXPRESSION), postgresql_using="gin"),
    postgresql_partition_by="RANGE (started_at)",
)

USAGE_COLUMNS = tuple(Usage.model_fields)
VERSION_COLUMNS = tuple(SpanVersions.model_fields)
SPAN_COLUMNS = tuple(
    name for name in Span.model_fields if name not in {"usage", "versions", "attributes", "input", "output"}
)
"""Span fields that are columns of the same name."""
COPY_COLUMNS = (
    "project_id",
    *SPAN_COLUMNS,
    *USAGE_COLUMNS,
    *VERSION_COLUMNS,
    "attributes",
    "input_text",
    "output_text",
    "body",
)
"""Column order of COPY."""
FIELD_COUNT = copy_format.pack_field_count(len(COPY_COLUMNS))
CACHED_COLUMNS = {"kind", "status", "name", "model", "key"}
"""Columns with few distinct texts, whose packed values are cached."""
MICROSECOND = timedelta(microseconds=1)
DAY_MICROSECONDS = timedelta(days=1) // MICROSECOND
MAX_AGE_MICROSECONDS, MAX_SKEW_MICROSECONDS = MAX_SPAN_AGE // MICROSECOND, MAX_CLOCK_SKEW // MICROSECOND
EPOCH_MICROSECONDS = int(copy_format.POSTGRES_EPOCH.timestamp()) * 1_000_000
"""Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch."""
LARGE_BODY_BYTES = 64 * 1024
"""Bytes above which the bodies of a span are compressed separately."""
TYPE_NAMES = {PG_UUID: "uuid", DateTime: "timestamptz", Double: "float8", BigInteger: "int8"}


def _packer_for(column: str) -> Callable[[Any], bytes]:
    kind = type(spans.c[column].type)
    name = next((name for known, name in TYPE_NAMES.items() if issubclass(kind, known)), "text")
    return copy_format.pack_cached_text if column in CACHED_COLUMNS else copy_format.PACKERS[name]


SPAN_COLUMN_PACKERS = tuple((name, _packer_for(name)) for name in SPAN_COLUMNS)


class EncodedRow(NamedTuple):
    """Span as a row of `COPY_COLUMNS` for binary COPY, with the UTC day of its partition."""

    row: bytes
    id: UUID
    day: str


class PartialRow(NamedTuple):
    """Row without its last column, the bodies, which are still uncompressed JSON."""

    encoded_columns: bytes
    body: bytes | None
    id: UUID
    day: str


def build_partial_row(project_id: UUID, span: Span) -> PartialRow:
    """Return the row of a span without its compressed bodies. Raises InvalidInput if the span cannot be stored."""
    started_at = span.started_at
    if started_at.tzinfo is None:
        raise InvalidInput(
            f"span {span.id} starts at {started_at} without a time zone", "send started_at with an offset"
        )
    at = copy_format.microseconds_since_2000(started_at)
    present = time.time() * 1e6 - EPOCH_MICROSECONDS
    if not present - MAX_AGE_MICROSECONDS <= at <= present + MAX_SKEW_MICROSECONDS:
        message = f"span {span.id} starts at {started_at.isoformat()}"
        raise InvalidInput(
            message, f"send a start at most {MAX_SPAN_AGE.days} days ago and at most {MAX_CLOCK_SKEW.days} day ahead"
        )
    if max(span.usage.input_tokens or 0, span.usage.output_tokens or 0, span.usage.cached_tokens or 0) > MAX_TOKENS:
        raise InvalidInput(f"span {span.id} counts more than {MAX_TOKENS} tokens", "send the tokens of one call")
    values, used, versions = span.__dict__, span.usage.__dict__, span.versions.__dict__
    fields = [
        copy_format.pack_uuid(project_id),
        *[copy_format.NULL if (value := values[name]) is None else pack(value) for name, pack in SPAN_COLUMN_PACKERS],
        *[copy_format.pack_cached_int8(used[name]) for name in USAGE_COLUMNS],
        *[copy_format.pack_cached_text(versions[name]) for name in VERSION_COLUMNS],
        copy_format.pack_jsonb(_encode_jsonb(span.attributes)),
        copy_format.pack_text(build_preview(span.input)),
        copy_format.pack_text(build_preview(span.output)),
    ]
    return PartialRow(b"".join([FIELD_COUNT, *fields]), _encode_body(span), span.id, day_name(at // DAY_MICROSECONDS))


def encode_rows(partial_rows: Sequence[PartialRow], compressor: zstandard.ZstdCompressor) -> list[EncodedRow]:
    """Complete rows with their compressed bodies.

    Small bodies are compressed in one call: each call releases the GIL, and a thread that reacquires the GIL for every
    span competes with the threads of the server. Large bodies are compressed one by one to limit memory.
    """
    small: list[Any] = [one.body for one in partial_rows if one.body is not None and len(one.body) <= LARGE_BODY_BYTES]
    compressed = iter(compressor.multi_compress_to_buffer(small, threads=0) if small else ())
    rows: list[EncodedRow] = []
    for begun, body, id, day in partial_rows:
        if body is not None:
            body = compressor.compress(body) if len(body) > LARGE_BODY_BYTES else next(compressed).tobytes()
        rows.append(EncodedRow(begun + copy_format.pack_bytea(body), id, day))
    return rows


def decode_span(row: Row[Any], *, bodies: bool = True) -> Span:
    """Convert a row to a span. With `bodies=False` the body column need not be selected."""
    columns = row._mapping  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    body = columns["body"] if bodies else None
    bodies_by_name = json.loads(zstandard.ZstdDecompressor().decompress(body)) if body is not None else {}
    return Span(
        **{name: columns[name] for name in SPAN_COLUMNS},
        usage=Usage(**{name: columns[name] for name in USAGE_COLUMNS}),
        versions=SpanVersions(**{name: columns[name] for name in VERSION_COLUMNS}),
        attributes=columns["attributes"],
        input=bodies_by_name.get("input"),
        output=bodies_by_name.get("output"),
    )


def start_range(id: UUID) -> tuple[datetime, datetime]:
    """Return the time range in which the span of a UUIDv7 started.

    The range is the timestamp of the id plus and minus one hour, because an id may be created at the end of a long
    step.
    """
    at = datetime.fromtimestamp((id.int >> 80) / 1000, UTC) if id.version == 7 else datetime.fromtimestamp(0, UTC)
    return at - timedelta(hours=1), at + timedelta(hours=1)


@cache
def day_name(number: int) -> str:
    """Return the name (YYYYMMDD) of a day, given as days since 2000-01-01."""
    return f"{copy_format.POSTGRES_EPOCH + timedelta(days=number):%Y%m%d}"


def _encode_body(span: Span) -> bytes | None:
    body = {name: value for name, value in (("input", span.input), ("output", span.output)) if value is not None}
    return encode_json(body) if body else None


def has_unstorable_text(encoded: bytes) -> bool:
    """Check if JSON may contain characters that jsonb cannot store."""
    return b"\\u0000" in encoded or b"\\ud" in encoded


def _encode_jsonb(value: dict[str, Any]) -> bytes:
    """Encode JSON for jsonb, which can store neither NUL nor unpaired surrogates."""
    encoded = encode_json(value)
    if has_unstorable_text(encoded):
        encoded = encode_json(_replace_unstorable(json.loads(encoded)))
    return encoded


def _replace_unstorable(value: Any) -> Any:
    if isinstance(value, str):
        return copy_format.replace_unstorable(value)
    if isinstance(value, list):
        return [_replace_unstorable(item) for item in value]
    if isinstance(value, dict):
        return {copy_format.replace_unstorable(str(name)): _replace_unstorable(item) for name, item in value.items()}
    return value
