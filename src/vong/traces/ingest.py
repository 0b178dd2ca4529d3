"""Ingestion of spans that another program measured."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from vong.errors import InvalidInput, Unavailable, VongError
from vong.records import Span

MAX_SPANS = 1_000
"""Maximum spans of one call."""
COMMIT_TIMEOUT_SECONDS = 30.0
"""Timeout of the commit of all spans of one call."""
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")


def ingest(append: Callable[[Span], Future[None]], spans: Sequence[Span]) -> int:
    """Store spans with the span writer, wait until they are committed, and return their number.

    A span that exists already (same id and start) is not changed, so that sending it again is safe.

    Raises:
        InvalidInput: a span is malformed, and no span is stored, or a span cannot be stored.
        Unavailable: PostgreSQL takes too long.
    """
    if len(spans) > MAX_SPANS:
        raise InvalidInput(f"{len(spans)} spans in one call", f"send at most {MAX_SPANS} spans per call")
    for index, span in enumerate(spans):
        _validate_span(index, span)
    futures = [append(span) for span in spans]
    _, late = wait(futures, COMMIT_TIMEOUT_SECONDS)
    if late:
        message = f"{len(late)} of {len(spans)} spans are not committed after {COMMIT_TIMEOUT_SECONDS:.0f} s"
        raise Unavailable(message, "send them again: spans that are already stored are not changed")
    for index, future in enumerate(futures):
        error = future.exception()
        if isinstance(error, VongError):
            raise type(error)(f"span {index}: {error.message}", error.hint)
    return len(spans)


def _validate_span(index: int, span: Span) -> None:
    if not TRACE_ID.fullmatch(span.trace_id):
        raise InvalidInput(f"span {index}: invalid trace_id {span.trace_id!r}", "send 32 lower-case hex digits")
    for id in (span.span_id, span.parent_span_id):
        if id is not None and not SPAN_ID.fullmatch(id):
            raise InvalidInput(f"span {index}: invalid span id {id!r}", "send 16 lower-case hex digits")
    if span.duration_ms < 0:
        raise InvalidInput(f"span {index}: invalid duration {span.duration_ms} ms", "send a duration of 0 or more")
