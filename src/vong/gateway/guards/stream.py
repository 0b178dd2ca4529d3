"""Apply guards to a stream of chat chunks.

Each text of each choice passes through its guard chain. The arguments of a tool call are JSON, so they are buffered and
passed on when complete.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, cast

import msgspec

from vong.errors import ContentBlocked, UpstreamFailed
from vong.gateway.endpoints.base import ChunkDecoder
from vong.gateway.endpoints.stream_adapters import MALFORMED, data_of
from vong.gateway.guards.holdback import GuardChain
from vong.gateway.guards.request_texts import NAMES, TextCollector
from vong.gateway.guards.response import results
from vong.gateway.guards.run import GuardRun
from vong.gateway.upstream.sse import DONE, event

HEAD = ("id", "object", "created", "model", "system_fingerprint")
"""Fields of a chunk that are copied to events which the guards create."""
PASSED = frozenset(
    {"index", "delta", "finish_reason", "native_finish_reason", "stop_reason", "logprobs", "content_filter_results"}
)
"""Fields of a choice that pass. Other fields could contain text that no guard has read."""
Path = tuple[Any, ...]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class _Choice:
    """One choice of the response: its texts by their path in the deltas."""

    def __init__(self, duties: Sequence[GuardRun], before: str) -> None:
        self.over = False
        self._duties = duties
        self._before = before
        self._texts: dict[Path, GuardChain] = {}
        self._arguments: dict[Path, list[str]] = {}
        self._current: frozenset[Path] = frozenset()
        if before:
            self._passing(("content",))  # the text is checked at the end even if nothing follows

    async def delta(self, delta: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the released rest of texts that this delta does not continue, and what passes of this delta."""
        leaves = list(_leaves(delta, ()))
        paths = frozenset(path for _, _, path in leaves)
        before: list[dict[str, Any]] = []
        for path in self._current - paths if paths else ():
            before += await self._left(path)
        self._current = paths or self._current
        for place, key, path in leaves:
            if path[-1] == "arguments":
                self._arguments.setdefault(path, []).append(place[key])
                place[key] = ""
            else:
                place[key] = await self._passing(path).push(place[key])
        return before, delta

    async def end(self) -> list[dict[str, Any]]:
        """Return deltas with all remaining text."""
        deltas: list[dict[str, Any]] = []
        for path, chain in self._texts.items():
            if text := await chain.end():
                deltas.append(_built(path, text))
        for path in list(self._arguments):
            deltas += await self._left(path)
        return deltas

    async def _left(self, path: Path) -> list[dict[str, Any]]:
        """Return deltas with the rest of one text, because another text begins."""
        if path in self._arguments:
            text = await self._checked("".join(self._arguments.pop(path)))
        else:
            text = await self._texts[path].settle()
        return [_built(path, text)] if text else []

    async def _checked(self, arguments: str) -> str:
        texts, holder = TextCollector(), {"arguments": arguments}
        texts.gather(holder, "assistant", None, None, False)
        for duty in self._duties:
            for piece in texts.pieces if duty.post.guard.reads == "all" else ():
                piece.put(await duty.over(piece.text))
        texts.fold()
        return holder["arguments"]

    def _passing(self, path: Path) -> GuardChain:
        found = self._texts.get(path)
        if found is None:
            sense = path == ("content",)
            found = self._texts[path] = GuardChain(self._duties, sense, self._before if sense else "")
        return found


class GuardedStream:
    """Filter of chat events: takes events and returns those that pass.

    `choice_count` is the number of choices of the request. `before` is text of a response that this stream continues:
    it has already passed, and guards read it as context.
    """

    def __init__(self, duties: Sequence[GuardRun], wanted: int, before: str = "") -> None:
        self._duties = duties
        self._wanted = wanted
        self._before = before
        self._choices = {0: _Choice(duties, before)} if before else {}
        self._head: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Return True if every choice was blocked, so nothing more can pass."""
        blocked = [choice for choice in self._choices.values() if choice.over]
        return len(blocked) >= self._wanted

    async def take(self, data: bytes) -> bytes:
        """Return the events that pass after the data of one event."""
        if data == b"[DONE]":
            return await self.end() + DONE
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(
                f"upstream sent a stream event that is not JSON: {error}", "send the request again"
            ) from error
        if chunk.get("error") is not None:
            return await self.end() + event(await self._error(chunk))
        self._head = {name: chunk[name] for name in HEAD if name in chunk}
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return event(chunk)
        events, passing = list[bytes](), list[Any]()
        for choice in choices:
            if isinstance(choice, dict) and isinstance(choice.get("delta") or {}, dict):
                before, passed = await self._choice({key: value for key, value in choice.items() if key in PASSED})
                events += before
                passing += [passed] if passed else []
        if passing or chunk.get("usage"):
            events.append(event({**chunk, "choices": passing}))
        return b"".join(events)

    async def end(self) -> bytes:
        """Return the events with all remaining text, at the end of the stream."""
        events = list[bytes]()
        for index, choice in self._choices.items():
            if not choice.over:
                events += await self._ended(index, choice)
        return b"".join(events)

    async def _choice(self, choice: dict[str, Any]) -> tuple[list[bytes], dict[str, Any] | None]:
        """Return the events before a choice of a chunk, and what passes of the choice, or None if nothing does."""
        index = choice.get("index", 0)
        state = self._choices.setdefault(index, _Choice(self._duties, self._before))
        if state.over:
            return [], None
        delta, finish = choice.get("delta") or {}, choice.get("finish_reason")
        has_text = any(_leaves(delta, ()))
        events = list[bytes]()
        try:
            before, _ = await state.delta(delta)
            events += [self._event(index, rest) for rest in before]
        except ContentBlocked as error:
            return [*events, self._blocked(index, state, error)], None
        if has_text:
            choice.pop("logprobs", None)  # the log probabilities contain text that may be held back
        if finish is None:
            return events, choice if _speaks(delta, has_text) else None
        rest = {key: value for key, value in choice.items() if key != "finish_reason"}
        if has_text and _speaks(delta, has_text):
            events.append(event({**self._head, "choices": [{**rest, "finish_reason": None}]}))
        ended = await self._ended(index, state)
        if state.over:
            return [*events, *ended], None
        return [*events, *ended], {**choice, "delta": {}} if has_text else choice

    async def _ended(self, index: int, state: _Choice) -> list[bytes]:
        try:
            return [self._event(index, delta) for delta in await state.end()]
        except ContentBlocked as error:
            return [self._blocked(index, state, error)]

    def _blocked(self, index: int, state: _Choice, error: ContentBlocked) -> bytes:
        state.over = True
        return self._event(index, {}, finish_reason="content_filter", content_filter_results=results(error))

    def _event(self, index: int, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": index, "delta": delta, "finish_reason": finish_reason, **more}
        return event({**self._head, "choices": [choice]})

    async def _error(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Mask an upstream error, which may repeat texts of the request."""
        texts = TextCollector()
        texts.gather(chunk["error"], "assistant", chunk, "error")
        for duty in self._duties:
            for piece in texts.pieces if duty.masks else ():
                piece.put(await duty.over(piece.text))
        return chunk


async def guarded(
    events: AsyncGenerator[bytes], under: GuardedStream, chunked: ChunkDecoder | None
) -> AsyncGenerator[bytes]:
    """Yield an upstream stream after the guards, as chat events.

    `chunked` decodes a stream of another format. Each batch yields one batch, which is empty if nothing of it passes
    yet. Once all choices are blocked the upstream stream is closed.
    """
    async with aclosing(events):
        async for batch in events:
            passing = list[bytes]()
            for data in _data(batch, chunked):
                passing.append(await under.take(data))
                if under.over:
                    yield b"".join(passing) + DONE
                    return
            yield b"".join(passing)
    if chunked is not None and chunked.ended:
        yield await under.end() + DONE
    elif rest := await under.end():
        yield rest


def _data(batch: bytes, chunked: ChunkDecoder | None) -> list[bytes]:
    """Return the data of each event, as chat chunks."""
    found = [data for text in batch.split(b"\n\n") if text and (data := data_of(text)) is not None]
    if chunked is None:
        return found
    try:
        return [msgspec.json.encode(chunk) for data in found for chunk in chunked.take(_decode(data))]
    except MALFORMED as error:
        message = f"upstream sent an unexpected stream event: {error!r}"
        raise UpstreamFailed(message, "send the request again") from error


def _leaves(value: Any, path: Path) -> Any:
    """Yield the texts of a delta as (container, key, path)."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        step = key if isinstance(value, dict) else _step(item, key, path[-1] if path else "")
        if isinstance(item, str):
            if item and key not in NAMES:
                yield value, key, (*path, step)
        elif isinstance(item, dict | list):
            yield from _leaves(item, (*path, step))


def _step(item: Any, number: int, within: Any) -> Any:
    """Return the path step of a list item: its index, and for reasoning its type too."""
    if not isinstance(item, dict):
        return (("index", number),)
    kind = {"type": item["type"]} if within != "tool_calls" and "type" in item else {}
    return tuple({"index": item.get("index", number), **kind}.items())


def _built(path: Path, text: str) -> dict[str, Any]:
    """Return a delta with a text at a path."""
    value: Any = text
    for step in reversed(path):
        if isinstance(step, tuple):
            value = [{**dict(cast(Any, step)), **value} if isinstance(value, dict) else value]
        else:
            value = {step: value}
    return value


def _speaks(delta: Any, had_text: bool) -> bool:
    """Return True if a delta still carries something after the guards: text, or anything other than text."""
    if not had_text:
        return True
    return any(_leaves(delta, ())) or any(not isinstance(value, str) or key in NAMES for key, value in delta.items())
