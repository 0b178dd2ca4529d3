"""Accumulator of a stream: collects text, tool calls, usage and finish reason while events pass."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import merge_reasoning
from vong.gateway.upstream.sse import DONE_DATA, encode_sse_event, event_data, split_events
from vong.records import Usage
from vong.records.record import construct_trusted
from vong.records.usage import MAX_TOKENS


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    type: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] = []
    usage: dict[str, Any] | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
TEXT_FIELDS = ("content", "reasoning_content", "refusal")


class _ChoiceBuilder:
    """One choice of the completion, built up from deltas."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.tool_calls: dict[int, dict[str, Any]] = {}
        self.reasoning_details: list[dict[str, Any]] = []
        self.finish_reason: str | None = None

    def add_delta(self, delta: _Delta) -> bool:
        """Add a delta and return True if it contained text or a tool call."""
        has_content = False
        for name in TEXT_FIELDS:
            text: str | None = getattr(delta, name)
            if text:
                self.texts.setdefault(name, []).append(text)
                has_content = True
        if delta.reasoning_details:
            self.reasoning_details = merge_reasoning([*self.reasoning_details, *delta.reasoning_details])
        for part in delta.tool_calls or ():
            call = self.tool_calls.setdefault(part.index, {"id": part.id, "type": "function", "function": ["", ""]})
            if part.function:
                if part.function.name != call["function"][0]:  # some providers repeat the name in every part
                    call["function"][0] += part.function.name or ""
                call["function"][1] += part.function.arguments or ""
            has_content = True
        return has_content

    def to_choice(self, index: int) -> dict[str, Any]:
        """Return the message as a choice of a completion."""
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message.update({name: "".join(parts) for name, parts in self.texts.items()})
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details
        if self.tool_calls:
            message["tool_calls"] = [
                {**call, "function": {"name": call["function"][0], "arguments": call["function"][1]}}
                for _, call in sorted(self.tool_calls.items())
            ]
        return {"index": index, "message": message, "finish_reason": self.finish_reason}


class StreamAccumulator:
    """Accumulator of the events of a chat stream; `with_usage` is set if the caller requested usage."""

    def __init__(self, with_usage: bool) -> None:
        self.first_token: float | None = None
        """Time of the first text or tool call, by `time.perf_counter`; None before."""
        self.usage: dict[str, Any] | None = None
        self.error: Any = None
        self.failure: UpstreamFailed | None = None
        """Error to raise once the caller has received the events before it in the same batch."""
        self.received_done = False
        self.chunks = 0
        self.model: str | None = None
        self._id: str | None = None
        self._with_usage = with_usage
        self._messages: dict[int, _ChoiceBuilder] = {}

    @property
    def text(self) -> str | None:
        """Return the text so far, if it is one unfinished text without other choices or tool calls; else None."""
        message = self._messages.get(0)
        if message is None or len(self._messages) > 1 or message.tool_calls or message.finish_reason:
            return None
        return "".join(message.texts.get("content", ())) or None

    @property
    def id(self) -> str | None:
        """Return the completion id that the provider chose."""
        return self._id

    def resume(self) -> int:
        """Forget the end of a broken stream before another target continues it; return the chunks so far."""
        self.error, self.failure, self.received_done, self.usage = None, None, False, None
        return self.chunks

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        finished = bool(self._messages) and all(message.finish_reason for message in self._messages.values())
        return self.received_done or finished or self.error is not None

    def feed(self, batch: bytes) -> bytes:
        """Record a batch of events and return those for the caller: all, except unrequested usage."""
        if batch.find(b"\n") == len(batch) - 2 or batch.find(b"\n\n") == len(batch) - 2:
            return self.feed_event(batch)
        forwarded = list[bytes]()
        for event in split_events(batch):
            try:
                forwarded.append(self.feed_event(event))
            except UpstreamFailed as error:
                if not any(forwarded):
                    raise
                self.failure = error
                break
        return b"".join(forwarded)

    def completion(self) -> dict[str, Any]:
        """Return the completion as if it had not been streamed."""
        choices = [message.to_choice(index) for index, message in sorted(self._messages.items())]
        result: dict[str, Any] = {"id": self._id, "model": self.model, "choices": choices, "usage": self.usage}
        return {**result, "error": self.error} if self.error is not None else result

    def finish(self) -> bytes:
        """Return the bytes for the caller after the last event."""
        return b""

    def record_chunk(self, chunk: Mapping[str, Any]) -> None:
        """Record a chunk without passing it on."""
        self._record(msgspec.convert(chunk, _Chunk))

    def feed_event(self, event: bytes) -> bytes:
        """Record one event and return the bytes for the caller."""
        data = event_data(event)
        if data is None:
            return event
        if data == DONE_DATA:
            self.received_done = True
            return event
        try:
            if not data.isascii():
                data.decode()
            chunk = _decode(data)
        except msgspec.ValidationError:  # an unknown format is not an error here: the caller receives it unchanged
            return event
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "try again") from error
        self._record(chunk)
        if chunk.usage is None or self._with_usage:
            return event
        if not chunk.choices:
            return b""
        fields = _decode_fields(data)
        del fields["usage"]
        return encode_sse_event(fields)

    def _record(self, chunk: _Chunk) -> None:
        self._id = self._id or chunk.id
        self.model = self.model or chunk.model
        self.usage = chunk.usage or self.usage
        self.error = self.error or chunk.error
        for choice in chunk.choices:
            message = self._messages.get(choice.index)
            if message is None:
                message = self._messages[choice.index] = _ChoiceBuilder()
            message.finish_reason = choice.finish_reason or message.finish_reason
            if choice.delta is not None and message.add_delta(choice.delta):
                self.chunks += 1
                if self.first_token is None:
                    self.first_token = time.perf_counter()


def parse_usage(usage: Any) -> Usage:
    """Convert OpenAI's usage object into a record; missing or invalid values stay unknown."""
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)
    valid = [count if isinstance(count, int) and 0 <= count <= MAX_TOKENS else None for count in counts]
    values = {"input_tokens": valid[0], "output_tokens": valid[1], "cached_tokens": valid[2], "cost": None}
    return construct_trusted(Usage, values)
