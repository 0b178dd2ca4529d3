"""Runs of published pipelines: started on behalf of a caller, followed to their end, cancelled if no reader waits."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from anyio import CancelScope

from vong import errors
from vong.access.principal import Principal
from vong.app.pipelines import runs
from vong.app.pipelines.publication_events import (
    Passage,
    PublishedEvent,
    PublishedStepFailed,
    PublishedUsage,
    RunAnswer,
    RunWaits,
    TextDelta,
    ToolEnded,
    ToolKind,
    ToolStarted,
    read_passages,
)
from vong.app.platform import Platform
from vong.errors import Conflict, Unavailable, VongError
from vong.pipelines.chat_inputs import CITATION_OUTPUTS, find_answer, find_answer_name
from vong.pipelines.publications import ChatMapping
from vong.pipelines.versions import PipelineVersion

TOOL_KINDS: Mapping[str, ToolKind] = {"retrieve": "retrieval", "http": "tool", "mcp": "tool", "python": "tool"}
"""Kinds of steps that are reported as retrievals or tools."""
ERRORS_BY_CODE: Mapping[str, type[VongError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, VongError) and kind.fault != "ours"
}


class PublishedRun(NamedTuple):
    """Run to start: on behalf of whom, of which version, with which inputs, and its place in a trace."""

    principal: Principal
    version: PipelineVersion
    mapping: ChatMapping
    inputs: Mapping[str, Any]
    conversation_id: UUID | None = None
    user: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    trace_id: str | None = None
    parent_span_id: str | None = None
    call_id: UUID | None = None
    idempotency_key: str | None = None
    is_published: bool = True
    """True, so that the calls of the steps need not be in the scope of the key, which contains the pipeline."""


async def run_published(platform: Platform, run: PublishedRun) -> AsyncGenerator[PublishedEvent]:
    """Start a run and yield its events. The last one is a `RunAnswer`. Closing the generator cancels the run.

    Raises:
        RunWaits: if the run waits for an approval. It is not cancelled.
        PublishedStepFailed: if a step failed. The message names the step.
        InvalidInput: if the inputs do not match those of the pipeline.
    """
    run = run._replace(principal=run.principal._replace(scope=None))
    if run.idempotency_key is not None:  # a key belongs to one caller and one pipeline
        owner = run.principal.key_id or run.principal.user_id
        run = run._replace(idempotency_key=f"call/{owner}/{run.version.name}/{run.idempotency_key}")
    started = await runs.start(platform, run)
    if run.idempotency_key is not None and any(started.inputs.get(name) != run.inputs[name] for name in run.inputs):
        raise Conflict("the idempotency key belongs to a call with other inputs", "use another key")
    reader = _EventReader(run)
    is_open = True
    try:
        async with aclosing(runs.read_events(platform, run.principal, started.id)) as events:
            async for event in events:
                for translated in reader.translate(event):
                    yield translated
                is_open = event["event"] not in ("run_ended", "run_waiting")
                if not is_open:
                    break
        answer = reader.finish()
    except (asyncio.CancelledError, GeneratorExit):
        if is_open:
            with CancelScope(shield=True):
                await runs.cancel(platform, run.principal, started.id)
        raise
    yield answer


class _EventReader:
    """Reader of the events of one run."""

    def __init__(self, run: PublishedRun) -> None:
        self._run = run
        self._answer_name = find_answer_name(run.version.definition.outputs, run.mapping)
        self._passages: list[Passage] = []
        self._usage = PublishedUsage()
        self._run_id: UUID | None = None
        self._trace_id: str | None = None
        self._end: Mapping[str, Any] = {}

    def translate(self, event: Mapping[str, Any]) -> Iterator[PublishedEvent]:
        """Yield what an event means for the reader of the answer."""
        name, kind, path = event["event"], str(event.get("kind")), str(event.get("path"))
        if name == "run_started":
            self._run_id, self._trace_id = UUID(event["run_id"]), event.get("trace_id")
        elif name == "delta" and self._is_answer(event):
            yield TextDelta(str(event["text"]))
        elif name == "step_started" and kind in TOOL_KINDS and event.get("attempt", 1) == 1:
            yield ToolStarted(path, TOOL_KINDS[kind], path, self._arguments(path))
        elif name == "step_ended" and event.get("state") != "skipped":
            self._add_usage(event.get("outputs") or {})
            if kind in TOOL_KINDS:
                yield self._end_tool(path, TOOL_KINDS[kind], event)
        elif name in ("run_ended", "run_waiting"):
            self._end = event

    def finish(self) -> RunAnswer:
        """Return the answer.

        Raises: RunWaits if the run waits; the error of the run if it failed; Unavailable if it was interrupted.
        """
        end = self._end
        if end.get("event") == "run_waiting":
            steps = ", ".join(repr(step) for step in end.get("steps") or ())
            message = f"run {self._run_id} waits for the approval of the step {steps}"
            hint = f"decide with: vong pipelines runs show {self._run_id}; it continues afterwards"
            error = RunWaits(message, hint)
            error.run_id = self._run_id
            raise error
        if end.get("state") == "cancelled":
            raise Conflict(f"run {self._run_id} was cancelled", "send the request again")
        if end.get("error"):
            raise to_error(end["error"])
        if end.get("state") != "succeeded" or self._run_id is None:
            raise Unavailable("the run was interrupted", f"follow it with: vong pipelines runs show {self._run_id}")
        outputs = end.get("outputs") or {}
        mapping = self._run.mapping
        return RunAnswer(
            run_id=self._run_id,
            text=find_answer(outputs, mapping),
            outputs=outputs,
            passages=self._find_passages(outputs),
            usage=replace(self._usage, cost=int(end.get("cost") or 0)),
            span_id=self._run_id,
            trace_id=self._trace_id,
        )

    def _is_answer(self, event: Mapping[str, Any]) -> bool:
        """Return True if a part of a text belongs to the answer, not to another step."""
        output = event.get("output")
        return output is not None and output == self._answer_name

    def _arguments(self, path: str) -> dict[str, Any]:
        step = self._run.version.definition.steps.get(path)
        settings = step.settings if step else {}
        names = ("question", "base", "url", "method", "server", "tool", "arguments", "inputs")
        return {name: settings[name] for name in names if name in settings}

    def _end_tool(self, path: str, kind: ToolKind, event: Mapping[str, Any]) -> ToolEnded:
        outputs, error = event.get("outputs") or {}, event.get("error") or {}
        found = read_passages(outputs.get("passages")) if kind == "retrieval" else []
        self._passages += found
        return ToolEnded(
            id=path,
            kind=kind,
            name=path,
            arguments=self._arguments(path),
            output=None if kind == "retrieval" else outputs,
            passages=found,
            error=error.get("message"),
        )

    def _find_passages(self, outputs: Mapping[str, Any]) -> Sequence[Passage]:
        """Return the passages that the answer may cite: those of the output, or those of the retrieval steps."""
        named = self._run.mapping.citations
        for name in (named,) if named else CITATION_OUTPUTS:
            if name in outputs and (found := read_passages(outputs[name])):
                return found
        return self._passages

    def _add_usage(self, outputs: Mapping[str, Any]) -> None:
        usage = outputs.get("usage")
        if isinstance(usage, Mapping):
            counts = [int(usage.get(name) or 0) for name in ("input_tokens", "output_tokens", "cached_tokens")]
            known = self._usage.input_tokens, self._usage.output_tokens, self._usage.cached_tokens
            self._usage = PublishedUsage(*(one + more for one, more in zip(known, counts, strict=True)))


def to_error(error: Mapping[str, Any]) -> VongError:
    """Return the error of a run: of its own type if it has one, so that limits and guards keep their status."""
    step, message = error.get("step"), str(error.get("message"))
    if step and f"{step!r}" not in message:
        message = f"step {step!r} failed: {message}"
    kind = ERRORS_BY_CODE.get(str(error.get("code")), PublishedStepFailed)
    return kind(message, str(error.get("hint") or ""))
