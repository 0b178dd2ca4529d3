"""Answers of published pipelines in OpenAI's formats: chat completions and responses, complete and streamed."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from vong.app.pipelines.publication_events import (
    Passage,
    PublishedEvent,
    PublishedUsage,
    RunAnswer,
    TextDelta,
    ToolEnded,
    ToolStarted,
    find_citations,
)
from vong.gateway.upstream.sse import DONE, encode_named_event, encode_sse_event

MAX_OUTPUT_CHARS = 20_000
"""Characters of the output of a tool that an event contains."""


def chat_completion(model: str, id: UUID, answer: RunAnswer) -> dict[str, Any]:
    """Return a run as a chat completion. Citations are `url_citation` annotations, the details of the run `vong`."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if annotations := chat_annotations(answer):
        message["annotations"] = annotations
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = _chat_head(model, id, "chat.completion")
    return {**head, "choices": [choice], "usage": chat_usage(answer.usage), "vong": run_details(answer)}


async def stream_chat(model: str, id: UUID, events: AsyncIterator[PublishedEvent]) -> AsyncIterator[bytes]:
    """Yield a run as chat completion chunks."""
    head, sent = _chat_head(model, id, "chat.completion.chunk"), ""

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return encode_sse_event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    async for event in events:
        if isinstance(event, TextDelta):
            sent += event.text
            yield chunk({"content": event.text})
        elif isinstance(event, RunAnswer):
            if rest := remaining_text(sent, event.text):
                yield chunk({"content": rest})
            if annotations := chat_annotations(event):
                yield chunk({"annotations": annotations})
            yield chunk({}, "stop")
            yield encode_sse_event(
                {**head, "choices": [], "usage": chat_usage(event.usage), "vong": run_details(event)}
            )
    yield DONE


def remaining_text(sent: str, text: str) -> str:
    """Return the part of an answer that was not streamed: all of it, if the streamed text was another one."""
    if text.startswith(sent):
        return text[len(sent) :]
    return "" if sent else text


def response_object(model: str, id: UUID, answer: RunAnswer, tools: Sequence[ToolEnded]) -> dict[str, Any]:
    """Return a run as a response. Retrievals are `file_search_call` items, other tools `mcp_call` items."""
    items = [_tool_item(id, number, tool) for number, tool in enumerate(tools)]
    items.append(_message_item(id, len(items), answer.text, response_annotations(answer), "completed"))
    return {**_response_head(model, id), "status": "completed", "output": items, **_response_end(answer)}


async def stream_response(model: str, id: UUID, events: AsyncIterator[PublishedEvent]) -> AsyncIterator[bytes]:
    """Yield a run as the events of a response."""
    writer = _ResponseWriter(model, id)
    for data in writer.begin():
        yield data
    async for event in events:
        for data in writer.translate(event):
            yield data


class _ResponseWriter:
    """Writer of the events of one response."""

    def __init__(self, model: str, id: UUID) -> None:
        self._head, self._id = _response_head(model, id), id
        self._items: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._text = ""
        self._message: int | None = None
        self._sequence = 0

    def begin(self) -> Iterator[bytes]:
        """Yield the first events."""
        response = {**self._head, "status": "in_progress", "output": [], "usage": None}
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)

    def translate(self, event: PublishedEvent) -> Iterator[bytes]:
        """Yield the events for one event of the run."""
        if isinstance(event, TextDelta):
            yield from self._add_text(event.text)
        elif isinstance(event, ToolStarted):
            yield from self._begin_tool(event)
        elif isinstance(event, ToolEnded):
            yield from self._end_tool(event)
        else:
            yield from self._finish(event)

    def _begin_tool(self, tool: ToolStarted) -> Iterator[bytes]:
        index = self._places[tool.id] = len(self._items)
        started = ToolEnded(tool.id, tool.kind, tool.name, tool.arguments)
        item = {**_tool_item(self._id, index, started), "status": "in_progress"}
        self._items.append(item)
        yield self._event("response.output_item.added", output_index=index, item=item)
        prefix = "response.file_search_call" if tool.kind == "retrieval" else "response.mcp_call"
        yield self._event(f"{prefix}.in_progress", output_index=index, item_id=item["id"])
        if tool.kind == "retrieval":
            yield self._event(f"{prefix}.searching", output_index=index, item_id=item["id"])

    def _end_tool(self, tool: ToolEnded) -> Iterator[bytes]:
        if tool.id not in self._places:
            yield from self._begin_tool(ToolStarted(tool.id, tool.kind, tool.name, tool.arguments))
        index = self._places[tool.id]
        item = self._items[index] = _tool_item(self._id, index, tool)
        prefix = "response.file_search_call" if tool.kind == "retrieval" else "response.mcp_call"
        state = "failed" if tool.error is not None and tool.kind == "tool" else "completed"
        yield self._event(f"{prefix}.{state}", output_index=index, item_id=item["id"])
        yield self._event("response.output_item.done", output_index=index, item=item)

    def _add_text(self, text: str) -> Iterator[bytes]:
        if self._message is None:
            self._message = len(self._items)
            item = {**_message_item(self._id, self._message, "", [], "in_progress"), "content": []}
            self._items.append(item)
            yield self._event("response.output_item.added", output_index=self._message, item=item)
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            yield self._event("response.content_part.added", **self._place(), part=part)
        self._text += text
        yield self._event("response.output_text.delta", **self._place(), delta=text, logprobs=[])

    def _finish(self, answer: RunAnswer) -> Iterator[bytes]:
        rest = remaining_text(self._text, answer.text)
        if rest or self._message is None:
            yield from self._add_text(rest)
        assert self._message is not None
        annotations = response_annotations(answer) if self._text == answer.text else []
        for position, annotation in enumerate(annotations):
            yield self._event(
                "response.output_text.annotation.added",
                **self._place(),
                annotation_index=position,
                annotation=annotation,
            )
        item = _message_item(self._id, self._message, self._text, annotations, "completed")
        self._items[self._message] = item
        yield self._event("response.output_text.done", **self._place(), text=self._text, logprobs=[])
        yield self._event("response.content_part.done", **self._place(), part=item["content"][0])
        yield self._event("response.output_item.done", output_index=self._message, item=item)
        response = {**self._head, "status": "completed", "output": self._items, **_response_end(answer)}
        yield self._event("response.completed", response=response)

    def _place(self) -> dict[str, Any]:
        assert self._message is not None
        item_id = self._items[self._message]["id"]
        return {"item_id": item_id, "output_index": self._message, "content_index": 0}

    def _event(self, kind: str, **fields: Any) -> bytes:
        self._sequence += 1
        return encode_named_event({"type": kind, **fields, "sequence_number": self._sequence - 1})


def chat_usage(usage: PublishedUsage) -> dict[str, Any]:
    """Return the sum of the usage of all steps as that of a chat."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def run_details(answer: RunAnswer) -> dict[str, Any]:
    """Return the details of a run: its id, its outputs and the passages that the answer may cite."""
    passages = [passage.model_dump(mode="json", exclude_none=True) for passage in answer.passages]
    details = {"run_id": str(answer.run_id), "outputs": dict(answer.outputs), "passages": passages}
    return {**details, "cost": answer.usage.cost}


def chat_annotations(answer: RunAnswer) -> list[dict[str, Any]]:
    """Return the citations of an answer as annotations of a chat message."""
    annotations: list[dict[str, Any]] = []
    for start, end, passage in find_citations(answer.text, answer.passages):
        url = passage.url or (f"vong://documents/{passage.document_id}" if passage.document_id else "")
        citation = {"start_index": start, "end_index": end, "title": passage.title, "url": url}
        annotations.append({"type": "url_citation", "url_citation": citation})
    return annotations


def response_annotations(answer: RunAnswer) -> list[dict[str, Any]]:
    """Return the citations of an answer as annotations of a response."""
    return [
        {"type": "file_citation", "index": start, "file_id": _file_id(passage), "filename": passage.title}
        for start, _, passage in find_citations(answer.text, answer.passages)
    ]


def _chat_head(model: str, id: UUID, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{id.hex}", "object": kind, "created": int(time.time()), "model": model}


def _response_head(model: str, id: UUID) -> dict[str, Any]:
    fixed: dict[str, Any] = {"error": None, "incomplete_details": None, "instructions": None, "metadata": {}}
    settings = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": None, "top_p": None}
    head = {"id": f"resp_{id.hex}", "object": "response", "created_at": int(time.time()), "model": model}
    return {**head, **fixed, **settings, "previous_response_id": None, "store": True}


def _response_end(answer: RunAnswer) -> dict[str, Any]:
    usage = {
        "input_tokens": answer.usage.input_tokens,
        "input_tokens_details": {"cached_tokens": answer.usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": answer.usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.usage.input_tokens + answer.usage.output_tokens,
    }
    return {"usage": usage, "vong": run_details(answer)}


def _tool_item(id: UUID, number: int, tool: ToolEnded) -> dict[str, Any]:
    """Return the item of a step. Items of type `mcp_call` are tools that the server has run itself."""
    if tool.kind == "retrieval":
        results = [
            {
                "file_id": _file_id(passage),
                "filename": passage.title,
                "text": passage.text,
                "score": passage.score or 0.0,
                "attributes": {},
            }
            for passage in tool.passages
        ]
        queries = [str(value) for value in tool.arguments.values() if isinstance(value, str)][:1]
        status = "failed" if tool.error else "completed"
        item = {"id": f"fs_{id.hex}_{number}", "type": "file_search_call", "status": status, "queries": queries}
        return {**item, "results": results or None}
    arguments = msgspec.json.encode(dict(tool.arguments)).decode()
    item = {"id": f"mcp_{id.hex}_{number}", "type": "mcp_call", "server_label": "pipeline", "name": tool.name}
    status = "failed" if tool.error else "completed"
    return {**item, "arguments": arguments, "output": _output_text(tool.output), "error": tool.error, "status": status}


def _output_text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:MAX_OUTPUT_CHARS]


def _message_item(
    id: UUID, number: int, text: str, annotations: Sequence[Mapping[str, Any]], status: str
) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": []}
    return {
        "id": f"msg_{id.hex}_{number}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [part],
    }


def _file_id(passage: Passage) -> str:
    return f"file-{(passage.document_id or '').replace('-', '')}" if passage.document_id else passage.title
