"""What a stream said: its text, tool calls, usage and end, gathered while it passes."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import joined
from vong.records import Usage
from vong.records.record import known
from vong.records.usage import MOST_TOKENS


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
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
TEXTS = ("content", "reasoning_content", "refusal")


class _Message:
    """One choice of the answer, growing."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.details: list[dict[str, Any]] = []
        self.finish: str | None = None

    def add(self, delta: _Delta) -> bool:
        """Whether the delta said anything."""
        said = False
        for name in TEXTS:
            text: str | None = getattr(delta, name)
            if text:
                self.texts.setdefault(name, []).append(text)
                said = True
        if delta.reasoning_details:
            self.details = joined([*self.details, *delta.reasoning_details])
        for part in delta.tool_calls or ():
            call = self.calls.setdefault(part.index, {"id": part.id, "type": "function", "function": ["", ""]})
            if part.function:
                if part.function.name != call["function"][0]:  # some say it again with every part
                    call["function"][0] += part.function.name or ""
                call["function"][1] += part.function.arguments or ""
            said = True
        return said

    def whole(self, index: int) -> dict[str, Any]:
        """As a choice of a completion."""
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message.update({name: "".join(parts) for name, parts in self.texts.items()})
        if self.details:
            message["reasoning_details"] = self.details
        if self.calls:
            message["tool_calls"] = [
                {**call, "function": {"name": call["function"][0], "arguments": call["function"][1]}}
                for _, call in sorted(self.calls.items())
            ]
        return {"index": index, "message": message, "finish_reason": self.finish}


class StreamAccumulator:
    """Takes the events of a stream. `with_usage` says whether the caller asked for usage in the stream."""

    def __init__(self, with_usage: bool) -> None:
        self.first_token: float | None = None
        """When the first text or tool call came, by `time.perf_counter`; None before."""
        self.usage: dict[str, Any] | None = None
        self.error: Any = None
        self.failure: UpstreamFailed | None = None
        """What is to be raised once the caller has what came before it in the same batch."""
        self.done = False
        self.chunks = 0
        self.model: str | None = None
        self._id: str | None = None
        self._with_usage = with_usage
        self._messages: dict[int, _Message] = {}

    @property
    def text(self) -> str | None:
        """What was said so far, where it is one text and nothing else: no other choice, no call of a function."""
        message = self._messages.get(0)
        if message is None or len(self._messages) > 1 or message.calls or message.finish:
            return None
        return "".join(message.texts.get("content", ())) or None

    @property
    def id(self) -> str | None:
        """The id that the provider gave the answer."""
        return self._id

    def go_on(self) -> int:
        """The rest comes from elsewhere: what broke the stream off is forgotten. How many chunks came so far."""
        self.error, self.failure, self.done, self.usage = None, None, False, None
        return self.chunks

    @property
    def ended(self) -> bool:
        """Whether the stream came to its proper end."""
        finished = bool(self._messages) and all(message.finish for message in self._messages.values())
        return self.done or finished or self.error is not None

    def take(self, batch: bytes) -> bytes:
        """What the caller gets of these events: all, less usage that it did not ask for."""
        if batch.count(b"\n\n") == 1:
            return self.event(batch)
        passed = list[bytes]()
        for event in whole(batch):
            try:
                passed.append(self.event(event))
            except UpstreamFailed as error:
                if not any(passed):
                    raise
                self.failure = error
                break
        return b"".join(passed)

    def completion(self) -> dict[str, Any]:
        """The answer as if it had not been streamed."""
        choices = [message.whole(index) for index, message in sorted(self._messages.items())]
        whole: dict[str, Any] = {"id": self._id, "model": self.model, "choices": choices, "usage": self.usage}
        return {**whole, "error": self.error} if self.error is not None else whole

    def tail(self) -> bytes:
        """What the caller gets after the last event."""
        return b""

    def note(self, chunk: Mapping[str, Any]) -> None:
        """Take down what a chunk says, and pass nothing on."""
        self._note(msgspec.convert(chunk, _Chunk))

    def event(self, event: bytes) -> bytes:
        """What the caller gets of one event."""
        if not event.startswith(b"data:"):
            return event
        data = event[5:].strip()
        if data == b"[DONE]":
            self.done = True
            return event
        try:
            if not data.isascii():
                data.decode()
            chunk = _decode(data)
        except msgspec.ValidationError:  # not ours to judge: the caller gets what the provider said
            return event
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "ask again") from error
        self._note(chunk)
        if chunk.usage is None or self._with_usage:
            return event
        if not chunk.choices:
            return b""
        fields = _fields(data)
        del fields["usage"]
        return b"data: " + msgspec.json.encode(fields) + b"\n\n"

    def _note(self, chunk: _Chunk) -> None:
        self._id = self._id or chunk.id
        self.model = self.model or chunk.model
        self.usage = chunk.usage or self.usage
        self.error = self.error or chunk.error
        for choice in chunk.choices:
            message = self._messages.get(choice.index)
            if message is None:
                message = self._messages[choice.index] = _Message()
            message.finish = choice.finish_reason or message.finish
            if choice.delta is not None and message.add(choice.delta):
                self.chunks += 1
                if self.first_token is None:
                    self.first_token = time.perf_counter()


def whole(batch: bytes) -> list[bytes]:
    """The events of a batch, one by one."""
    return [event + b"\n\n" for event in batch.split(b"\n\n") if event]


def usage_of(found: Any) -> Usage:
    """OpenAI's usage object as a record; what is missing or odd stays unknown."""
    if not isinstance(found, dict):
        return Usage()
    details = found.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    counts = (found.get("prompt_tokens"), found.get("completion_tokens"), cached)
    tokens = [count if isinstance(count, int) and 0 <= count <= MOST_TOKENS else None for count in counts]
    values = {"input_tokens": tokens[0], "output_tokens": tokens[1], "cached_tokens": tokens[2], "cost": None}
    return known(Usage, values)
