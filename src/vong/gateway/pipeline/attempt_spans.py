"""Child spans of a call: one for each attempt if there was more than one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from vong.gateway.pipeline.context import AppliedPrompt, CallContext
from vong.gateway.routing.catalog import ResolvedTarget
from vong.records import Span, new_id
from vong.records.span import ATTEMPT_KIND, TARGET_ATTRIBUTE, SpanVersions

SKIPPED_ERRORS = ("circuit_open", "busy")
"""Errors of attempts that were not sent, because the circuit was open or the target was at its cap."""


def build_attempt_spans(context: CallContext, span: Span) -> Iterator[Span]:
    """Yield one child span for each attempt of the call.

    Child spans have no usage: the span of the call contains all of it.
    """
    attempts = context.attempts.log if context.attempts else ()
    if context.attempts is None or len(attempts) < 2:
        return
    for index, (attempt, started) in enumerate(zip(attempts, context.attempts.started_at, strict=False)):
        offset = (started - context.start_seconds) * 1000
        duration = float(attempt["ms"])
        if index == len(attempts) - 1 and attempt.get("error") not in SKIPPED_ERRORS:
            duration = max(duration, span.duration_ms - offset)  # the last attempt includes the whole stream
        started_at = span.started_at + timedelta(milliseconds=offset)
        id = new_id(started_at)
        target, error = str(attempt["target"]), _error_message(attempt)
        resolved = context.targets_tried.get(target)
        yield Span(
            id=id,
            trace_id=span.trace_id,
            span_id=id.hex[16:],
            parent_span_id=span.span_id,
            name=f"attempt {index + 1}",
            kind=ATTEMPT_KIND,
            status="error" if error else "ok",
            error=error,
            started_at=started_at,
            duration_ms=duration,
            model=target,
            session=span.session,
            key=span.key,
            versions=_versions(context, resolved, span),
            attributes=_attributes(index, attempt, context.prompt),
        )


def _error_message(attempt: dict[str, Any]) -> str | None:
    """Return the error message of an attempt, or None if it succeeded."""
    if error := attempt.get("error"):
        return str(attempt.get("message") or error)
    status = int(attempt.get("status", 200))
    return f"the upstream returned status {status}" if status >= 400 else None


def _versions(context: CallContext, resolved: ResolvedTarget | None, span: Span) -> SpanVersions:
    versions = resolved.versions if resolved else SpanVersions(route=span.versions.route)
    prompt = context.prompt_version
    return versions if prompt is None else versions.model_copy(update={"prompt_version": prompt})


def _attributes(index: int, attempt: dict[str, Any], prompt: AppliedPrompt | None) -> dict[str, Any]:
    provider, _, model = str(attempt["target"]).partition("/")
    attributes: dict[str, Any] = {
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "vong.attempt": index + 1,
    }
    if prompt is not None and prompt.target is not None:
        attributes[TARGET_ATTRIBUTE] = prompt.target_of(str(attempt["target"]))
    names = {"http.response.status_code": "status", "error.type": "error"}
    return attributes | {name: attempt[key] for name, key in names.items() if key in attempt}
