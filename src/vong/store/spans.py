"""How a span lies in PostgreSQL: its table, and the way there and back.

What is searched has a column of its own; the bodies lie in one zstd-compressed column that lists never touch. A bounded
preview of the bodies' text is kept beside them, and its words are indexed.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import zstandard
from psycopg.types.json import Jsonb
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, DateTime, Double, Index, LargeBinary, PrimaryKeyConstraint, Row, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from vong.errors import InvalidInput
from vong.records import Span, Usage, now
from vong.records.span import Versions
from vong.store.schema import project_table

OLDEST = timedelta(days=400)
"""How long ago a span may have started: each day that has spans is a partition, so their number must be bounded."""
AHEAD = timedelta(days=1)
"""How far in the future a span may start: clocks differ."""
PREVIEW = 1_000
"""Characters of the input's and of the output's text that lists show from and that search finds."""
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
VERSIONS = tuple(Versions.model_fields)
PLAIN = tuple(name for name in Span.model_fields if name not in {"usage", "versions", "attributes", "input", "output"})
"""The fields of a span that are columns of the same name."""
COLUMNS = ("project_id", *PLAIN, *USAGE, *VERSIONS, "attributes", "input_text", "output_text", "body")
"""The order in which rows are sent."""
TYPE_NAMES = {PG_UUID: "uuid", DateTime: "timestamptz", Double: "float8", BigInteger: "int8", JSONB: "jsonb"}
TYPES = tuple(
    next((name for kind, name in TYPE_NAMES.items() if isinstance(spans.c[column].type, kind)), None)
    or ("bytea" if column == "body" else "text")
    for column in COLUMNS
)
"""PostgreSQL's name for the type of each, as binary COPY must be told."""


class Encoded(NamedTuple):
    """A span as a row of `COLUMNS`, the UTC day it belongs to, and roughly how many bytes it holds in memory."""

    row: tuple[Any, ...]
    day: str
    size: int


def encode(project_id: UUID, span: Span, compressor: zstandard.ZstdCompressor) -> Encoded:
    """The row of a span. InvalidInput where it cannot be stored."""
    started_at = span.started_at
    if started_at.tzinfo is None:
        raise InvalidInput(
            f"the span {span.id} starts at {started_at} of no time zone", "give started_at with an offset"
        )
    present = now()
    if not present - OLDEST <= started_at <= present + AHEAD:
        message = f"the span {span.id} starts at {started_at.isoformat()}"
        raise InvalidInput(message, f"a span may be {OLDEST.days} days old and start {AHEAD.days} day ahead, no more")
    body = _compressed(span, compressor)
    previews = _text(preview(span.input)), _text(preview(span.output))
    attributes = _jsonb(span.attributes)
    row = (
        project_id,
        *(_column(getattr(span, name)) for name in PLAIN),
        *(getattr(span.usage, name) for name in USAGE),
        *(_column(getattr(span.versions, name)) for name in VERSIONS),
        Jsonb(attributes, dumps=_same),
        *previews,
        body,
    )
    size = 1500 + len(attributes) + sum(map(len, previews)) + len(body or b"")
    return Encoded(row, started_at.astimezone(UTC).strftime("%Y%m%d"), size)


def decode(row: Row[Any], *, bodies: bool = True) -> Span:
    """The span of a row; without its bodies where they were not selected or are not wanted."""
    columns = row._mapping  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    body = columns["body"] if bodies else None
    held = json.loads(zstandard.ZstdDecompressor().decompress(body)) if body is not None else {}
    return Span(
        **{name: columns[name] for name in PLAIN},
        usage=Usage(**{name: columns[name] for name in USAGE}),
        versions=Versions(**{name: columns[name] for name in VERSIONS}),
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


def preview(value: Any, limit: int = PREVIEW) -> str:
    """The text that a person would read in a body, at most `limit` characters: of a conversation the newest message
    first and no system messages, of an answer its content, of anything else its JSON.
    """
    pieces: list[str] = []
    left = limit
    for piece in _pieces(value):
        pieces.append(piece[:left])
        left -= len(pieces[-1]) + 1
        if left <= 0:
            break
    return "\n".join(pieces)


def _pieces(value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list | tuple):
        turns = [item.model_dump(exclude_none=True) if isinstance(item, BaseModel) else item for item in value]
        if turns and all(isinstance(turn, dict) and "role" in turn for turn in turns):
            spoken = [turn for turn in turns if turn["role"] not in {"system", "developer"}] or turns
            return [piece for turn in reversed(spoken) for piece in _of_object(turn)]
        return [piece for item in turns for piece in _pieces(item)]
    return [str(value)]


def _of_object(value: dict[str, Any]) -> list[str]:
    for name in ("messages", "choices", "message", "input", "prompt"):
        if value.get(name):
            return _pieces(value[name])
    content = [piece for name in ("content", "text") for piece in _pieces(value.get(name))]
    called = [_json(call.get("function", call)).decode() for call in value.get("tool_calls") or [] if _is_object(call)]
    if content or called or "role" in value or value.get("type") in {"image_url", "input_audio", "file"}:
        return [*content, *called]
    return [_json(value).decode("utf-8", "replace")]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _compressed(span: Span, compressor: zstandard.ZstdCompressor) -> bytes | None:
    held = {name: value for name, value in (("input", span.input), ("output", span.output)) if value is not None}
    return compressor.compress(_json(held)) if held else None


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (ValueError, OverflowError):  # half a surrogate pair, a number of more than 64 bits
        return json.dumps(value, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else str(value)


def _jsonb(value: dict[str, Any]) -> str:
    """JSON that PostgreSQL's jsonb takes: it knows neither NUL nor halves of surrogate pairs."""
    encoded = _json(value)
    if b"\\u0000" in encoded or b"\\ud" in encoded:
        encoded = _json(_cleaned(json.loads(encoded)))
    return encoded.decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_text(str(name)): _cleaned(item) for name, item in value.items()}
    return value


def _text(value: str) -> str:
    """Text that PostgreSQL takes."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _column(value: Any) -> Any:
    return _text(value) if isinstance(value, str) else value


def _same(value: Any) -> Any:
    return value
