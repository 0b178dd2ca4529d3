"""Accumulator of a stream: collects text, tool calls, usage and finish reason while events pass."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.choice_builder import ChoiceBuilder, merge_fields
from vong.gateway.providers.response_check import find_error
from vong.gateway.translators.token_counts import find_usage, read_counts, token_count
from vong.gateway.upstream.bounded_events import END_GRACE_SECONDS, FINISH_GRACE_SECONDS
from vong.gateway.upstream.sse import DONE_DATA, encode_sse_event, event_data, split_events
from vong.records import Usage
from vong.records.record import construct_trusted


class _Function(msgspec.Struct, forbid_unknown_fields=True):
    arguments: str
    name: None = None


class _CallPart(msgspec.Struct, forbid_unknown_fields=True):
    """Further part of a tool call. The first part, with id and name, is decoded completely."""

    index: int
    function: _Function
    id: None = None
    type: str | None = None


class _Delta(msgspec.Struct, forbid_unknown_fields=True):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: list[_CallPart] | None = None
    function_call: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    delta: _Delta
    index: int = 0
    finish_reason: str | None = None
    logprobs: None = None
    stop_reason: None = None
    native_finish_reason: None = None
    token_ids: None = None
    matched_stop: None = None


class _CommonChunk(msgspec.Struct, forbid_unknown_fields=True):
    """Chunk with nothing but text, or with arguments of one call. Every other chunk is decoded completely."""

    choices: list[_Choice]
    id: str | None = None
    object: msgspec.Raw = msgspec.Raw()
    created: int | None = None
    model: str | None = None
    usage: None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    provider: str | None = None
    obfuscation: msgspec.Raw = msgspec.Raw()
    prompt_token_ids: None = None


_decode_common = msgspec.json.Decoder(_CommonChunk).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
NO_LABELS = (None, None, None)
MAX_UNUSUAL_CHUNKS = 4
"""Number of chunks in a row with other fields after which a stream is no longer decoded as common chunks."""
CHUNK_FIELDS = frozenset({"id", "object", "created", "model", "choices", "usage", "error", "obfuscation"})
"""Fields of a chunk with a meaning of their own; all others are kept unchanged."""


class StreamAccumulator:
    """Accumulator of the events of a chat stream.

    `with_usage` is set if the caller requested usage. A stream with a `single_choice` has only one, whatever number the
    server gives it.
    """

    def __init__(self, with_usage: bool, *, single_choice: bool = False) -> None:
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
        self._created: int | None = None
        self._head_incomplete = True
        self._fields: dict[str, Any] = {}
        self._with_usage = with_usage
        self._messages: dict[int, ChoiceBuilder] = {}
        self._single_choice = single_choice
        self._unusual_chunks = 0
        self._finished_choices = 0

    @property
    def text(self) -> str | None:
        """Return the text so far, if it is one unfinished text without other choices or tool calls; else None."""
        message = self._messages.get(0)
        if message is None or len(self._messages) > 1 or message.has_calls or message.finish_reason:
            return None
        return message.text or None

    @property
    def id(self) -> str | None:
        """Return the completion id that the provider chose."""
        return self._id

    def resume(self) -> int:
        """Forget the end of a broken stream before another target continues it; return the chunks so far."""
        self.error, self.failure, self.received_done, self.usage = None, None, False, None
        self._finished_choices = sum(1 for message in self._messages.values() if message.finish_reason)
        return self.chunks

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        finished = bool(self._messages) and all(message.finish_reason for message in self._messages.values())
        return self.received_done or finished or self.error is not None

    def end_grace(self, choices: int) -> float | None:
        """Return the seconds for which further data is waited for, or None while the stream of `choices` goes on."""
        if self.received_done:
            return 0.0
        if self.error is not None:
            return END_GRACE_SECONDS
        if not self._finished_choices or self._finished_choices < max(choices, len(self._messages)):
            return None
        return FINISH_GRACE_SECONDS if self.usage is None else END_GRACE_SECONDS

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
        head = {"id": self._id, "object": "chat.completion", "created": self._created, "model": self.model}
        result: dict[str, Any] = {**head, "choices": choices, "usage": self.usage, **self._fields}
        return {**result, "error": self.error} if self.error is not None else result

    def finish(self) -> bytes:
        """Return the bytes for the caller after the last event."""
        return b""

    def record_chunk(self, chunk: Mapping[str, Any]) -> None:
        """Record a chunk without passing it on. Fields of another type than OpenAI's are passed over."""
        if self._head_incomplete:
            self._record_head(chunk.get("id"), chunk.get("model"), chunk.get("created"))
        self.usage = find_usage(chunk) or self.usage
        self.error = self.error or chunk.get("error")
        if chunk.keys() - CHUNK_FIELDS:
            others = {name: item for name, item in chunk.items() if name not in CHUNK_FIELDS}
            merge_fields(self._fields, others, appends=False)
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._record_choice(choice)

    def feed_event(self, event: bytes) -> bytes:
        """Record one event and return the bytes for the caller, without keep-alive events that clients cannot read."""
        data = event_data(event)
        if not data:
            return event if data is None else b""
        if data == DONE_DATA:
            self.received_done = True
            return event
        try:
            if not data.isascii():
                data.decode()
            if self._unusual_chunks <= MAX_UNUSUAL_CHUNKS and self._record_common_chunk(data):
                return event
            chunk = _decode(data)
        except msgspec.ValidationError:  # an unknown format is not an error here: the caller receives it unchanged
            return event
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "try again") from error
        self.record_chunk(chunk)
        if not chunk.get("choices") and chunk.get("usage") is None and self.error is None:
            self._find_error(data)
        if chunk.get("usage") is None or self._with_usage:
            return event
        if not chunk.get("choices"):
            return b""
        fields = _decode_fields(data)
        del fields["usage"]
        return encode_sse_event(fields)

    def _find_error(self, data: bytes) -> None:
        """Record the error of an event without choices, which some servers send in another form than OpenAI's."""
        found = find_error(_decode(data), None)
        self.error = found.error if found is not None else None

    def _record_common_chunk(self, data: bytes) -> bool:
        """Record a chunk in its most common form; return False if it has another form."""
        try:
            chunk = _decode_common(data)
        except msgspec.ValidationError:
            self._unusual_chunks += 1
            return False
        if len(chunk.choices) != 1:
            return False
        (choice,) = chunk.choices
        message, delta = self._messages.get(choice.index) or self._message(choice.index), choice.delta
        if delta.tool_calls is not None and not self._extend_call(message, delta.tool_calls):
            return False
        self._unusual_chunks = 0
        labels = chunk.system_fingerprint, chunk.service_tier, chunk.provider
        if self._head_incomplete or labels != NO_LABELS:
            self._record_fields(chunk)
        if choice.finish_reason:
            self._record_finish(message, choice.finish_reason)
        has_content = bool(delta.tool_calls)
        if delta.content:
            message.add_text("content", delta.content)
            has_content = True
        if delta.reasoning_content:
            message.add_text("reasoning_content", delta.reasoning_content)
            has_content = True
        if delta.reasoning:
            message.add_text("reasoning", delta.reasoning)
            has_content = True
        if has_content:
            self._count_chunk()
        return True

    @staticmethod
    def _extend_call(message: ChoiceBuilder, parts: list[_CallPart]) -> bool:
        """Add a part to a tool call; return False if that needs the complete chunk."""
        return len(parts) == 1 and message.extend_call(parts[0].index, parts[0].function.arguments)

    def _record_fields(self, chunk: _CommonChunk) -> None:
        if self._head_incomplete:
            self._record_head(chunk.id, chunk.model, chunk.created)
        for name in ("system_fingerprint", "service_tier", "provider"):
            if (value := getattr(chunk, name)) is not None:
                self._fields[name] = value

    def _record_head(self, id: Any, model: Any, created: Any) -> None:
        self._id = self._id or (id if isinstance(id, str) else None)
        self.model = self.model or (model if isinstance(model, str) else None)
        self._created = self._created or token_count(created)
        self._head_incomplete = self._id is None or self.model is None or self._created is None

    def _record_choice(self, choice: dict[str, Any]) -> None:
        index, finish = choice.get("index"), choice.get("finish_reason")
        message = self._message(index if isinstance(index, int) else 0)
        self.error = self.error or choice.get("error")
        self._record_finish(message, finish if isinstance(finish, str) else None)
        message.add_choice_fields(choice)
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict) and message.add_delta(delta):
            self._count_chunk()

    def _record_finish(self, message: ChoiceBuilder, reason: str | None) -> None:
        if reason:
            self._finished_choices += message.finish_reason is None
            message.finish_reason = reason
            if reason == "error":
                self.error = self.error or {"message": "the answer ended with an error", "type": "upstream_error"}

    def _message(self, index: int) -> ChoiceBuilder:
        index = 0 if self._single_choice else index
        message = self._messages.get(index)
        if message is None:
            message = self._messages[index] = ChoiceBuilder()
        return message

    def _count_chunk(self) -> None:
        self.chunks += 1
        if self.first_token is None:
            self.first_token = time.perf_counter()


def parse_usage(usage: Any) -> Usage:
    """Convert a usage object of a chat into a record; missing or invalid values stay unknown."""
    if not isinstance(usage, dict):
        return Usage()
    counts = read_counts(usage)
    values = {
        "input_tokens": counts.input,
        "output_tokens": counts.output,
        "cached_tokens": counts.cached,
        "cost": None,
    }
    return construct_trusted(Usage, values)
