"""A stream of a chat's chunks under guard: each text of each choice passes through the window; the arguments of a tool
are gathered, because they are JSON, and passed on once they are whole.
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
PASSED = frozenset(
    {"index", "delta", "finish_reason", "native_finish_reason", "stop_reason", "logprobs", "content_filter_results"}
)
"""Fields of a choice that pass: in others might stand what no guard has read."""
Path = tuple[Any, ...]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class _Choice:
    """One choice of the answer: its texts by where they stand in deltas."""

    def __init__(self, duties: Sequence[GuardRun], before: str) -> None:
        self.over = False
        self._duties = duties
        self._before = before
        self._texts: dict[Path, GuardChain] = {}
        self._arguments: dict[Path, list[str]] = {}
        self._current: frozenset[Path] = frozenset()
        if before:
            self._passing(("content",))  # it is judged at the end, whether or not anything follows

    async def delta(self, delta: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What is now known to pass of earlier deltas, where this one goes on elsewhere, and what passes of it."""
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
        """The deltas of all that is left."""
        made: list[dict[str, Any]] = []
        for path, passing in self._texts.items():
            if text := await passing.end():
                made.append(_built(path, text))
        for path in list(self._arguments):
            made += await self._left(path)
        return made

    async def _left(self, path: Path) -> list[dict[str, Any]]:
        """What is left of one text, because another one begins."""
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
    """Takes a chat's events and gives those that pass. `wanted` is its number of choices; `before` what an answer says
    already that these go on with: it passed, and gives what follows its sense.
    """

    def __init__(self, duties: Sequence[GuardRun], wanted: int, before: str = "") -> None:
        self._duties = duties
        self._wanted = wanted
        self._before = before
        self._choices = {0: _Choice(duties, before)} if before else {}
        self._head: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether every choice was blocked, so that nothing more can pass."""
        blocked = [choice for choice in self._choices.values() if choice.over]
        return len(blocked) >= self._wanted

    async def take(self, data: bytes) -> bytes:
        """The events that follow from the data of one."""
        if data == b"[DONE]":
            return await self.end() + DONE
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "ask again") from error
        if chunk.get("error") is not None:
            return await self.end() + event(await self._error(chunk))
        self._head = {name: chunk[name] for name in HEAD if name in chunk}
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return event(chunk)
        made, kept = list[bytes](), list[Any]()
        for choice in choices:
            if isinstance(choice, dict) and isinstance(choice.get("delta") or {}, dict):
                before, passed = await self._choice({key: value for key, value in choice.items() if key in PASSED})
                made += before
                kept += [passed] if passed else []
        if kept or chunk.get("usage"):
            made.append(event({**chunk, "choices": kept}))
        return b"".join(made)

    async def end(self) -> bytes:
        """The events of all that is held, when nothing follows."""
        made = list[bytes]()
        for index, choice in self._choices.items():
            if not choice.over:
                made += await self._ended(index, choice)
        return b"".join(made)

    async def _choice(self, choice: dict[str, Any]) -> tuple[list[bytes], dict[str, Any] | None]:
        """The events before this choice of a chunk, and what passes of it; None where nothing does."""
        index = choice.get("index", 0)
        state = self._choices.setdefault(index, _Choice(self._duties, self._before))
        if state.over:
            return [], None
        delta, finish = choice.get("delta") or {}, choice.get("finish_reason")
        said = any(_leaves(delta, ()))
        made = list[bytes]()
        try:
            before, _ = await state.delta(delta)
            made += [self._event(index, rest) for rest in before]
        except ContentBlocked as error:
            return [*made, self._blocked(index, state, error)], None
        if said:
            choice.pop("logprobs", None)  # they spell out what may be held back
        if finish is None:
            return made, choice if _speaks(delta, said) else None
        rest = {key: value for key, value in choice.items() if key != "finish_reason"}
        if said and _speaks(delta, said):
            made.append(event({**self._head, "choices": [{**rest, "finish_reason": None}]}))
        ended = await self._ended(index, state)
        if state.over:
            return [*made, *ended], None
        return [*made, *ended], {**choice, "delta": {}} if said else choice

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
        """An error of the upstream may repeat what was said."""
        texts = TextCollector()
        texts.gather(chunk["error"], "assistant", chunk, "error")
        for duty in self._duties:
            for piece in texts.pieces if duty.masks else ():
                piece.put(await duty.over(piece.text))
        return chunk


async def guarded(
    events: AsyncGenerator[bytes], under: GuardedStream, chunked: ChunkDecoder | None
) -> AsyncGenerator[bytes]:
    """A stream under guard, as a chat's; `chunked` reads it where it is of another shape. Each batch gives one, empty
    where nothing of it passes yet. Once all is blocked the upstream's is closed.
    """
    async with aclosing(events):
        async for batch in events:
            made = list[bytes]()
            for data in _data(batch, chunked):
                made.append(await under.take(data))
                if under.over:
                    yield b"".join(made) + DONE
                    return
            yield b"".join(made)
    if chunked is not None and chunked.ended:
        yield await under.end() + DONE
    elif rest := await under.end():
        yield rest


def _data(batch: bytes, chunked: ChunkDecoder | None) -> list[bytes]:
    """The data of each event, as a chat's chunks."""
    found = [data for text in batch.split(b"\n\n") if text and (data := data_of(text)) is not None]
    if chunked is None:
        return found
    try:
        return [msgspec.json.encode(chunk) for data in found for chunk in chunked.take(_decode(data))]
    except MALFORMED as error:
        message = f"the upstream streamed an event that is none of an answer: {error!r}"
        raise UpstreamFailed(message, "ask again") from error


def _leaves(value: Any, path: Path) -> Any:
    """The texts that a delta says: (holder, key, path)."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        step = key if isinstance(value, dict) else _step(item, key, path[-1] if path else "")
        if isinstance(item, str):
            if item and key not in NAMES:
                yield value, key, (*path, step)
        elif isinstance(item, dict | list):
            yield from _leaves(item, (*path, step))


def _step(item: Any, number: int, within: Any) -> Any:
    """An item of a list by what tells it apart: its index, of thoughts its type too."""
    if not isinstance(item, dict):
        return (("index", number),)
    kind = {"type": item["type"]} if within != "tool_calls" and "type" in item else {}
    return tuple({"index": item.get("index", number), **kind}.items())


def _built(path: Path, text: str) -> dict[str, Any]:
    """A delta with that text at that place."""
    made: Any = text
    for step in reversed(path):
        if isinstance(step, tuple):
            made = [{**dict(cast(Any, step)), **made} if isinstance(made, dict) else made]
        else:
            made = {step: made}
    return made


def _speaks(delta: Any, said: bool) -> bool:
    """Whether a delta still says something after the guards: a text, or anything else than texts."""
    if not said:
        return True
    return any(_leaves(delta, ())) or any(not isinstance(value, str) or key in NAMES for key, value in delta.items())
