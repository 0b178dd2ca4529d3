"""Spans of LangChain and LlamaIndex, taken from their callbacks. The code that they trace is not changed."""

import contextlib
import contextvars
import time
from collections.abc import Callable, Generator
from typing import Any

from vong.pipelines.calls.values import to_json

SpanEvent = dict[str, Any]
Emit = Callable[[SpanEvent], None]
KINDS = {"llm": "chat", "chat_model": "chat", "tool": "tool", "retriever": "retrieval", "embedding": "embeddings"}
current_emit: contextvars.ContextVar[Emit | None] = contextvars.ContextVar("current_emit", default=None)
"""Receiver of the spans of the call that runs in this context."""
_state = {"llamaindex": False}


def langchain_callbacks(emit: Emit) -> list[Any]:
    """Return the callbacks that send a span for each run of LangChain at its end."""
    from langchain_core.tracers.base import BaseTracer

    class SpanTracer(BaseTracer):
        """Tracer that sends spans."""

        run_inline = True

        def __init__(self) -> None:
            super().__init__()
            self.open: dict[str, Any] = {}

        def _persist_run(self, run: Any) -> None:
            del run

        def _start_trace(self, run: Any) -> None:
            super()._start_trace(run)
            self.open[str(run.id)] = run

        def _end_trace(self, run: Any) -> None:
            self.open.pop(str(run.id), None)
            emit(_langchain_span(run))
            super()._end_trace(run)

        def close(self, error: str) -> None:
            """Send the spans of runs that were interrupted."""
            for run in list(self.open.values()):
                emit({**_langchain_span(run), "error": error, "end": time.time()})
            self.open.clear()

    return [SpanTracer()]


def _langchain_span(run: Any) -> SpanEvent:
    end = run.end_time.timestamp() if run.end_time else time.time()
    span: SpanEvent = {
        "key": str(run.id),
        "parent": str(run.parent_run_id) if run.parent_run_id else None,
        "name": run.name,
        "kind": KINDS.get(run.run_type, "other"),
        "start": run.start_time.timestamp(),
        "end": end,
        "error": str(run.error).splitlines()[-1][:500] if run.error else None,
        "input": to_json(run.inputs),
        "output": to_json(run.outputs),
        "attributes": {"langchain.run_type": run.run_type},
    }
    metadata = (run.extra or {}).get("metadata") or {}
    if metadata.get("langgraph_node"):
        span["attributes"]["langgraph.node"] = metadata["langgraph_node"]
    if span["kind"] == "chat":
        span["model"] = metadata.get("ls_model_name")
        span["usage"] = _langchain_usage(run.outputs or {})
    return span


def _langchain_usage(outputs: dict[str, Any]) -> dict[str, int]:
    for row in outputs.get("generations") or []:
        for generation in row:
            message = _field(generation, "message")
            usage = _field(_field(message, "kwargs") or message, "usage_metadata")
            if usage:
                return {"input": usage.get("input_tokens", 0), "output": usage.get("output_tokens", 0)}
    return {}


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


@contextlib.contextmanager
def traced(emit: Emit) -> Generator[None]:
    """Send the spans of the calls within to a function."""
    install_llamaindex()
    token = current_emit.set(emit)
    try:
        yield
    finally:
        current_emit.reset(token)


def install_llamaindex() -> None:
    """Add a span handler to the dispatcher of LlamaIndex, once and if it is imported."""
    import sys

    if _state["llamaindex"] or "llama_index.core" not in sys.modules:
        return
    from llama_index_instrumentation import get_dispatcher

    get_dispatcher().add_span_handler(_build_llamaindex_handler())
    _state["llamaindex"] = True


def _build_llamaindex_handler() -> Any:
    """Return a span handler of LlamaIndex that sends the spans of steps."""
    from llama_index.core.instrumentation.span import BaseSpan
    from llama_index.core.instrumentation.span_handlers import BaseSpanHandler

    class Span(BaseSpan):
        """Open span of LlamaIndex."""

        started: float = 0.0
        arguments: Any = None
        kind: str = "other"
        emit: Any = None

    class Handler(BaseSpanHandler[Span]):
        """Handler that sends spans."""

        def new_span(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, id_: str, bound_args: Any, instance: Any = None, parent_span_id: str | None = None, **_: Any
        ) -> Span | None:
            """Open a span, if its call belongs to a step."""
            emit = current_emit.get()
            if emit is None:
                return None
            kind = _llamaindex_kind(id_, instance)
            arguments = {name: one for name, one in bound_args.arguments.items() if name not in ("self", "cls")}
            return Span(
                id_=id_,
                parent_id=parent_span_id,
                started=time.time(),
                arguments=to_json(arguments),
                kind=kind,
                emit=emit,
            )

        def prepare_to_exit_span(
            self, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **_: Any
        ) -> Span | None:
            """Send a span that ended."""
            del bound_args
            return self._end(id_, instance, to_json(result), None)

        def prepare_to_drop_span(
            self, id_: str, bound_args: Any, instance: Any = None, err: BaseException | None = None, **_: Any
        ) -> Span | None:
            """Send a span that failed."""
            del bound_args
            return self._end(id_, instance, None, f"{type(err).__name__}: {err}"[:500] if err else "interrupted")

        def _end(self, id_: str, instance: Any, output: Any, error: str | None) -> Span | None:
            span = self.open_spans.get(id_)
            if span is None:
                return None
            span.emit(_llamaindex_span(id_, span, instance, output, error))
            return span

    return Handler()


def _llamaindex_span(id_: str, span: Any, instance: Any, output: Any, error: str | None) -> SpanEvent:
    return {
        "key": id_,
        "parent": span.parent_id,
        "name": id_.rpartition("-")[0] if id_.count("-") < 2 else id_.split("-", 1)[0],
        "kind": span.kind,
        "start": span.started,
        "end": time.time(),
        "error": error,
        "input": span.arguments,
        "output": output,
        "attributes": {"llamaindex.class": type(instance).__name__} if instance is not None else {},
        "model": getattr(instance, "model", None) if span.kind == "chat" else None,
    }


def _llamaindex_kind(id_: str, instance: Any) -> str:
    method = id_.split("-", 1)[0].rpartition(".")[2].lstrip("_")
    if method in ("retrieve", "aretrieve"):
        return "retrieval"
    if hasattr(instance, "metadata") and method in ("chat", "achat", "complete", "acomplete", "stream_chat", "predict"):
        return "chat" if hasattr(instance, "complete") else "other"
    if "embedding" in method:
        return "embeddings"
    return "tool" if method in ("call", "acall") else "other"
