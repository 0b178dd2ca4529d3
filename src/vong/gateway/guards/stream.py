"""Apply guards to a stream of chat chunks.

Each text of each choice passes through its guard chain. The arguments of a tool call are JSON, so they are buffered and
passed on when complete.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, cast

import msgspec

from vong.errors import ContentBlocked, UpstreamFailed
from vong.gateway.guards.holdback import GuardChain
from vong.gateway.guards.request_texts import METADATA_FIELDS, TextCollector
from vong.gateway.guards.response import content_filter_results
from vong.gateway.guards.run import GuardRun
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.translators.tool_call_tracker import ToolCallTracker, is_json_object
from vong.gateway.upstream.bounded_events import bounded_events
from vong.gateway.upstream.sse import DONE, DONE_DATA, batch_data, encode_sse_event, has_end_event

CHUNK_FIELDS = ("id", "object", "created", "model", "system_fingerprint")
"""Fields of a chunk that are copied to events which the guards create."""
CHOICE_FIELDS = frozenset(
    {"index", "delta", "finish_reason", "native_finish_reason", "stop_reason", "logprobs", "content_filter_results"}
)
"""Fields of a choice that pass. Other fields could contain text that no guard has read."""
Path = tuple[Any, ...]
CONTENT_PATH: Path = ("content",)
TEXT_PARTS = frozenset({"text", "output_text"})
"""Types of the parts of a content that are text."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class _Choice:
    """One choice of the response: its texts by their path in the deltas."""

    def __init__(self, runs: Sequence[GuardRun], before: str) -> None:
        self.blocked = False
        self._runs = runs
        self._before = before
        self._chains: dict[Path, GuardChain] = {}
        self._arguments: dict[Path, list[str]] = {}
        self._tracker = ToolCallTracker()
        self._current_paths: frozenset[Path] = frozenset()
        if before:
            self._chain_for(CONTENT_PATH)  # the text is checked at the end even if nothing follows

    async def push_delta(self, delta: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the released rest of texts that this delta does not continue, and what passes of this delta."""
        if isinstance(delta.get("tool_calls"), list):
            for call, part, _ in self._tracker.feed(delta["tool_calls"]):
                part["index"] = call.index  # the path of its texts
        leaves = [(place, key, _unify_content(path)) for place, key, path in _iter_texts(delta, ())]
        paths = frozenset(path for _, _, path in leaves)
        before: list[dict[str, Any]] = []
        for path in self._current_paths - paths if paths else ():
            before += await self._flush_text(path)
        self._current_paths = paths or self._current_paths
        for place, key, path in leaves:
            if path[-1] == "arguments":
                self._arguments.setdefault(path, []).append(place[key])
                place[key] = ""
            else:
                place[key] = await self._chain_for(path).push(place[key])
        return before, delta

    async def finish(self) -> list[dict[str, Any]]:
        """Return deltas with all remaining text."""
        deltas: list[dict[str, Any]] = []
        for path, chain in self._chains.items():
            if text := await chain.finish():
                deltas.append(_build_delta(path, text))
        for path in list(self._arguments):
            text = await self._check_arguments("".join(self._arguments.pop(path)))
            deltas += [_build_delta(path, text)] if text else []
        return deltas

    async def _flush_text(self, path: Path) -> list[dict[str, Any]]:
        """Return deltas with the rest of one text, because another text begins.

        Arguments that are not complete are held, because the rest of them may follow later.
        """
        if path in self._arguments:
            arguments = "".join(self._arguments[path])
            if not is_json_object(arguments):
                return []
            del self._arguments[path]
            text = await self._check_arguments(arguments)
        else:
            text = await self._chains[path].flush()
        return [_build_delta(path, text)] if text else []

    async def _check_arguments(self, arguments: str) -> str:
        texts, holder = TextCollector(), {"arguments": arguments}
        texts.collect(holder, "assistant", None, None, False)
        for duty in self._runs:
            for piece in texts.segments if duty.configured_guard.guard.text_scope == "all" else ():
                piece.replace(await duty.apply(piece.text))
        texts.encode_json_values()
        return holder["arguments"]

    def _chain_for(self, path: Path) -> GuardChain:
        found = self._chains.get(path)
        if found is None:
            sense = path == CONTENT_PATH
            found = self._chains[path] = GuardChain(self._runs, sense, self._before if sense else "")
        return found


class GuardedStream:
    """Filter of chat events: takes events and returns those that pass.

    `choice_count` is the number of choices of the request. `before` is text of a response that this stream continues:
    it has already passed, and guards read it as context.
    """

    def __init__(self, runs: Sequence[GuardRun], choice_count: int, before: str = "") -> None:
        self._runs = runs
        self._choice_count = choice_count
        self._before = before
        self._choices = {0: _Choice(runs, before)} if before else {}
        self._chunk_fields: dict[str, Any] = {}

    @property
    def all_blocked(self) -> bool:
        """Return True if every choice was blocked, so nothing more can pass."""
        blocked = [choice for choice in self._choices.values() if choice.blocked]
        return len(blocked) >= self._choice_count

    async def feed(self, data: bytes) -> bytes:
        """Return the events that pass after the data of one event."""
        if data == DONE_DATA:
            return await self.finish() + DONE
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(
                f"upstream sent a stream event that is not JSON: {error}", "send the request again"
            ) from error
        if chunk.get("error") is not None:
            return await self.finish() + encode_sse_event(await self._mask_error(chunk))
        self._chunk_fields = {name: chunk[name] for name in CHUNK_FIELDS if name in chunk}
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return encode_sse_event(chunk)
        events, passing = list[bytes](), list[Any]()
        for choice in choices:
            if isinstance(choice, dict) and isinstance(choice.get("delta") or {}, dict):
                before, passed = await self._feed_choice(
                    {key: value for key, value in choice.items() if key in CHOICE_FIELDS}
                )
                events += before
                passing += [passed] if passed else []
        if passing or chunk.get("usage"):
            events.append(encode_sse_event({**chunk, "choices": passing}))
        return b"".join(events)

    async def finish(self) -> bytes:
        """Return the events with all remaining text, at the end of the stream."""
        events = list[bytes]()
        for index, choice in self._choices.items():
            if not choice.blocked:
                events += await self._finish_choice(index, choice)
        return b"".join(events)

    async def _feed_choice(self, choice: dict[str, Any]) -> tuple[list[bytes], dict[str, Any] | None]:
        """Return the events before a choice of a chunk, and what passes of the choice, or None if nothing does."""
        index = choice.get("index") or 0
        state = self._choices.setdefault(index, _Choice(self._runs, self._before))
        if state.blocked:
            return [], None
        delta, finish = choice.get("delta") or {}, choice.get("finish_reason")
        has_text = any(_iter_texts(delta, ()))
        events = list[bytes]()
        try:
            before, _ = await state.push_delta(delta)
            events += [self._encode_event(index, rest) for rest in before]
        except ContentBlocked as error:
            return [*events, self._block_choice(index, state, error)], None
        if has_text:
            choice.pop("logprobs", None)  # the log probabilities contain text that may be held back
        if finish is None:
            return events, choice if _has_content(delta, has_text) else None
        rest = {key: value for key, value in choice.items() if key != "finish_reason"}
        if has_text and _has_content(delta, has_text):
            events.append(encode_sse_event({**self._chunk_fields, "choices": [{**rest, "finish_reason": None}]}))
        ended = await self._finish_choice(index, state)
        if state.blocked:
            return [*events, *ended], None
        return [*events, *ended], {**choice, "delta": {}} if has_text else choice

    async def _finish_choice(self, index: int, state: _Choice) -> list[bytes]:
        try:
            return [self._encode_event(index, delta) for delta in await state.finish()]
        except ContentBlocked as error:
            return [self._block_choice(index, state, error)]

    def _block_choice(self, index: int, state: _Choice, error: ContentBlocked) -> bytes:
        state.blocked = True
        return self._encode_event(
            index, {}, finish_reason="content_filter", content_filter_results=content_filter_results(error)
        )

    def _encode_event(self, index: int, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": index, "delta": delta, "finish_reason": finish_reason, **more}
        return encode_sse_event({**self._chunk_fields, "choices": [choice]})

    async def _mask_error(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Mask an upstream error, which may repeat texts of the request."""
        texts = TextCollector()
        texts.collect(chunk["error"], "assistant", chunk, "error")
        for duty in self._runs:
            for piece in texts.segments if duty.masks else ():
                piece.replace(await duty.apply(piece.text))
        return chunk


async def guard_stream(
    events: AsyncGenerator[bytes], guarded_stream: GuardedStream, decoder: ChunkDecoder | None
) -> AsyncGenerator[bytes]:
    """Yield an upstream stream after the guards, as chat events.

    `decoder` decodes a stream of another format. Each batch with data yields one batch, which is empty if nothing of it
    passes yet. Once all choices are blocked the upstream stream is closed.
    """
    has_ended = False

    def end_grace() -> float | None:
        return 0.0 if has_ended else None

    async with aclosing(events), aclosing(bounded_events(events, end_grace)) as batches:
        async for batch in batches:
            found = _decode_batch(batch, decoder)
            passing = list[bytes]()
            for data in found:
                passing.append(await guarded_stream.feed(data))
                if guarded_stream.all_blocked:
                    yield b"".join(passing) + DONE
                    return
            has_ended = decoder is not None and has_end_event(batch)
            if found:
                yield b"".join(passing)
    if decoder is not None and (decoder.ended or has_ended):
        yield await guarded_stream.finish() + DONE
    elif rest := await guarded_stream.finish():
        yield rest


def _decode_batch(batch: bytes, decoder: ChunkDecoder | None) -> list[bytes]:
    """Return the data of each event, as chat chunks."""
    found = batch_data(batch)
    if decoder is None:
        return found
    found = [data for data in found if data != DONE_DATA]
    try:
        return [msgspec.json.encode(chunk) for data in found for chunk in decoder.decode(_decode(data))]
    except MALFORMED_ERRORS as error:
        message = f"upstream sent an unexpected stream event: {error!r}"
        raise UpstreamFailed(message, "send the request again") from error


def _iter_texts(value: Any, path: Path) -> Any:
    """Yield the texts of a delta as (container, key, path)."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        step = key if isinstance(value, dict) else _path_step(item, key, path[-1] if path else "")
        if isinstance(item, str):
            if item and key not in METADATA_FIELDS:
                yield value, key, (*path, step)
        elif isinstance(item, dict | list):
            yield from _iter_texts(item, (*path, step))


def _unify_content(path: Path) -> Path:
    """Return the path of the content for the text of a part of it, because both are one text."""
    if path[0] != "content" or len(path) not in {2, 3}:
        return path
    kind = dict(path[1]).get("type", "text")
    return CONTENT_PATH if kind in TEXT_PARTS and path[2:] in {(), ("text",)} else path


def _path_step(item: Any, number: int, parent_key: Any) -> Any:
    """Return the path step of a list item: its index, and for reasoning its type too."""
    if not isinstance(item, dict):
        return (("index", number),)
    kind = {"type": item["type"]} if parent_key != "tool_calls" and "type" in item else {}
    return tuple({"index": item.get("index", number), **kind}.items())


def _build_delta(path: Path, text: str) -> dict[str, Any]:
    """Return a delta with a text at a path."""
    value: Any = text
    for step in reversed(path):
        if isinstance(step, tuple):
            value = [{**dict(cast(Any, step)), **value} if isinstance(value, dict) else value]
        else:
            value = {step: value}
    return value


def _has_content(delta: Any, had_text: bool) -> bool:
    """Return True if a delta still carries something after the guards: text, or anything other than text."""
    if not had_text:
        return True
    return any(_iter_texts(delta, ())) or any(
        not isinstance(value, str) or key in METADATA_FIELDS for key, value in delta.items()
    )
