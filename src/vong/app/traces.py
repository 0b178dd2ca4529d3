"""Spans wired to the journal: one that was just answered may be asked for before it is committed."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from vong.app.platform import Platform
from vong.errors import NotFound, Unavailable
from vong.records import Span, now

RECENT = timedelta(minutes=1)
PATIENCE = 2.0
"""Seconds that a span which began a moment ago is waited for."""


def await_span(platform: Platform, span_id: UUID, look: Callable[[UUID], Span | None]) -> Span:
    """The span that `look` finds, waited for where its id says that it began a moment ago (a UUIDv7 carries its time).

    NotFound where there is none.
    """
    recent = span_id.version == 7 and abs((span_id.int >> 80) / 1000 - now().timestamp()) < RECENT.total_seconds()
    until = time.monotonic() + (PATIENCE if recent else 0.0)
    while True:
        found = look(span_id)
        if found:
            return found
        remaining = until - time.monotonic()
        if remaining <= 0:
            message = f"no span {str(span_id)!r}"
            raise NotFound(message, "take the id from the answer's x-vong-span-id, or list them: vong traces list")
        try:
            platform.journal.flush(remaining)
        except Unavailable:
            continue
        time.sleep(min(0.1, remaining))
