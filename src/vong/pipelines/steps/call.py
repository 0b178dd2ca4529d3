"""Step `call`: a Python object of a file of the owner, such as a runnable of LangChain or an engine of LlamaIndex."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field, field_validator

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports
from vong.records import Span, Usage, new_id

FUNCTION = re.compile(r"[A-Za-z_][\w]*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class CallConfig(StepConfig):
    """Settings of a call."""

    function: str = Field(description="MODULE:ATTRIBUTE of a Python file in the folder `apps` of the home folder.")
    input: Any = Field(default=None, description="Input: a value, or an object with the arguments.")
    stream: bool = Field(default=True, description="Send the text to the readers of the run as it arrives.")

    @field_validator("function")
    @classmethod
    def _check_function(cls, function: str) -> str:
        if not FUNCTION.fullmatch(function):
            raise ValueError(f"{function!r} is not MODULE:ATTRIBUTE")
        return function


class CallStep:
    """Call of a Python object in a process of its own."""

    Config: ClassVar[type[StepConfig]] = CallConfig
    span_kind: ClassVar[str] = "tool"

    def outputs(self, config: CallConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs: the output as JSON values, and its text."""
        del config, types_
        return {"output": types.ANY, "text": types.STRING}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: CallConfig) -> StepResult:
        """Call the object. A cancelled step cancels the call."""
        from vong.pipelines.calls.process import get_process

        process = await get_process(context.services.app_folder)
        recorder = _SpanRecorder(context)
        streams = config.stream and context.streams
        message = {"op": "call", "function": config.function, "input": config.input, "stream": streams}

        def listen(event: dict[str, Any]) -> None:
            if event["event"] == "delta":
                context.emit(str(event["text"]))
            elif event["event"] == "span":
                recorder.record(event["span"])

        context.attributes["vong.call.function"] = config.function
        answer = await process.request(message, listen)
        return StepResult({"output": answer["output"], "text": str(answer.get("text") or "")})


class _SpanRecorder:
    """Records the spans of a library below the span of the step."""

    def __init__(self, context: StepContext) -> None:
        self._context = context
        self._ids: dict[str, UUID] = {}

    def record(self, values: Mapping[str, Any]) -> None:
        """Record a span."""
        run, parent = self._context.run, values.get("parent")
        own = self._id_of(str(values["key"]))
        above = self._id_of(str(parent)) if parent else self._context.span_id
        used = values.get("usage") or {}
        self._context.services.record_span(
            run,
            Span(
                id=own,
                trace_id=run.trace_id,
                span_id=own.hex[16:],
                parent_span_id=above.hex[16:],
                name=str(values.get("name") or "call")[:200],
                kind=values.get("kind") or "other",
                status="error" if values.get("error") else "ok",
                error=values.get("error"),
                started_at=datetime.fromtimestamp(float(values["start"]), UTC),
                duration_ms=max(0.0, (float(values["end"]) - float(values["start"])) * 1000),
                model=values.get("model"),
                usage=Usage(input_tokens=used.get("input"), output_tokens=used.get("output")) if used else Usage(),
                attributes={"vong.pipeline.step": self._context.path, **(values.get("attributes") or {})},
                input=values.get("input"),
                output=values.get("output"),
            ),
        )

    def _id_of(self, key: str) -> UUID:
        return self._ids.setdefault(key, new_id())
