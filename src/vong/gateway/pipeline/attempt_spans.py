"""The spans below a call's own: its attempts, where it needed more than one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from vong.gateway.pipeline.context import CallContext
from vong.records import Span, new_id
from vong.records.span import SpanVersions

STEP: Literal["attempt"] = "attempt"
"""The kind of a span that is a step within a call."""
NEVER_ASKED = ("circuit_open", "busy")
"""What is said of a target that rested or was full."""


def steps(course: CallContext, span: Span) -> Iterator[Span]:
    """A span for each attempt of the call that `span` tells of. They carry no usage: what was used is the call's."""
    made = course.attempts.made if course.attempts else ()
    if course.attempts is None or len(made) < 2:
        return
    for place, (attempt, begun) in enumerate(zip(made, course.attempts.begun, strict=False)):
        offset = (begun - course.started) * 1000
        duration = float(attempt["ms"])
        if place == len(made) - 1 and attempt.get("error") not in NEVER_ASKED:
            duration = max(duration, span.duration_ms - offset)  # what it answered may have streamed for long
        started_at = span.started_at + timedelta(milliseconds=offset)
        id = new_id(started_at)
        target, error = str(attempt["target"]), _failure(attempt)
        choice = course.asked.get(target)
        yield Span(
            id=id,
            trace_id=span.trace_id,
            span_id=id.hex[16:],
            parent_span_id=span.span_id,
            name=f"attempt {place + 1}",
            kind=STEP,
            status="error" if error else "ok",
            error=error,
            started_at=started_at,
            duration_ms=duration,
            model=target,
            session=span.session,
            key=span.key,
            versions=choice.versions if choice else SpanVersions(route=span.versions.route),
            attributes=_attributes(place, attempt),
        )


def _failure(attempt: dict[str, Any]) -> str | None:
    """What went wrong, in words. None where it answered."""
    if error := attempt.get("error"):
        return str(attempt.get("message") or error)
    status = int(attempt.get("status", 200))
    return f"the upstream answered {status}" if status >= 400 else None


def _attributes(place: int, attempt: dict[str, Any]) -> dict[str, Any]:
    provider, _, model = str(attempt["target"]).partition("/")
    found = {"gen_ai.provider.name": provider, "gen_ai.request.model": model, "vong.attempt": place + 1}
    names = {"http.response.status_code": "status", "error.type": "error"}
    return found | {name: attempt[key] for name, key in names.items() if key in attempt}
