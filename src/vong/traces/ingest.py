"""Spans that another program measured."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from vong.errors import InvalidInput, Unavailable, VongError
from vong.records import Span

LIMIT = 1_000
"""Spans that one call may bring."""
PATIENCE = 30.0
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")


def ingest(append: Callable[[Span], Future[None]], spans: Sequence[Span]) -> int:
    """Hand the spans to the journal, wait until they are committed, and give their number.

    A span that is known already (the same id and start) is left as it is, so sending again is safe. InvalidInput where
    a span is malformed (then nothing is stored) or cannot be stored; Unavailable where PostgreSQL takes too long.
    """
    if len(spans) > LIMIT:
        raise InvalidInput(f"{len(spans)} spans in one call", f"send at most {LIMIT} at once")
    for place, span in enumerate(spans):
        _check(place, span)
    futures = [append(span) for span in spans]
    _, late = wait(futures, PATIENCE)
    if late:
        message = f"{len(late)} of {len(spans)} spans are not committed after {PATIENCE:.0f} s"
        raise Unavailable(message, "send them again: what is stored already stays as it is")
    for place, future in enumerate(futures):
        error = future.exception()
        if isinstance(error, VongError):
            raise type(error)(f"span {place}: {error.message}", error.hint)
    return len(spans)


def _check(place: int, span: Span) -> None:
    if not TRACE_ID.fullmatch(span.trace_id):
        raise InvalidInput(f"span {place}: the trace_id {span.trace_id!r} is none", "send 32 lower-case hex digits")
    for id in (span.span_id, span.parent_span_id):
        if id is not None and not SPAN_ID.fullmatch(id):
            raise InvalidInput(f"span {place}: the span id {id!r} is none", "send 16 lower-case hex digits")
    if span.duration_ms < 0:
        raise InvalidInput(f"span {place} lasts {span.duration_ms} ms", "send a duration of 0 or more")
