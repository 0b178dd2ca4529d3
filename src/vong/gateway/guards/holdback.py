"""Holdback of streamed text: passes each text through the guards and holds back only what may become a detection.

A guard holds back at most CHECK_INTERVAL_CHARS characters of text without a detection. Text of an open detection that
must not pass, for example a private key, is held back until its end is known.
"""

from collections.abc import Sequence

from vong.gateway.guards.base import CHECK_INTERVAL_CHARS, Detection, SpanGuard
from vong.gateway.guards.run import GuardRun, mask_detections

SPAN_CONTEXT_CHARS = 96
"""Released characters that a guard with spans reads again, because words before a number say what the number is."""
CHUNK_CONTEXT_CHARS = 2000
"""Characters of a text that a semantic guard reads at once."""
MAX_HELD_CHARS = 8192
"""Characters from which only the beginning and the end of an open detection are held."""
HELD_EDGE_CHARS = 100
"""Characters of that beginning and of that end."""


class SpanHoldback:
    """Stage of one text in a guard whose detections have positions."""

    def __init__(self, run: GuardRun, guard: SpanGuard, before: str) -> None:
        self._run = run
        self._guard = guard
        self._holds_back = run.masks or run.blocks
        self._context = _tail_from_word(before)
        self._buffer = ""
        self._detection_open = False

    async def push(self, text: str) -> str:
        """Add text and return what may pass now.

        Raises:
            ContentBlocked: if a detection blocks the text.
        """
        passed = await self._release_settled(text)
        return passed if self._holds_back else text

    async def finish(self) -> str:
        """Return the remaining text at the end of the stream."""
        seen = self._context + self._buffer
        if not self._buffer:
            return ""
        passed = self._release(seen, len(seen), self._unreleased(await self._run.check(seen)))
        return passed if self._holds_back else ""

    async def flush(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        return await self.finish()

    async def _release_settled(self, text: str) -> str:
        self._buffer += text
        seen = self._context + self._buffer
        start = len(self._context)
        settled = max(start, self._guard.stable_length(seen))
        safe = max(settled, 0 if self._detection_open and settled == start else len(seen) - CHECK_INTERVAL_CHARS)
        if safe == start and len(seen) < MAX_HELD_CHARS:
            return ""
        found = self._unreleased(await self._run.check(seen))
        for item in found:
            if item.start < safe < item.end or (item.end == len(seen) and item.start < safe):
                safe = item.start
                if len(seen) - safe > MAX_HELD_CHARS:
                    seen = seen[: safe + HELD_EDGE_CHARS] + seen[-HELD_EDGE_CHARS:]
                self._detection_open = item.end == len(seen)
                break
        else:
            self._detection_open = False
        return self._release(seen, safe, [item for item in found if item.end <= safe])

    def _unreleased(self, found: Sequence[Detection]) -> list[Detection]:
        """Return the detections that reach into unreleased text, cut to it."""
        start = len(self._context)
        return [item._replace(start=max(item.start, start)) for item in found if item.end > start]

    def _release(self, seen: str, safe: int, found: list[Detection]) -> str:
        start = len(self._context)
        if found:
            self._run.count_detections(found)
            if self._run.blocks:
                raise self._run.blocked_error()
        passed = mask_detections(seen[:safe], found)[start:] if self._run.masks else seen[start:safe]
        self._buffer = seen[safe:]
        self._context = _tail_from_word(seen[:safe])
        return passed


class ChunkedHoldback:
    """Stage of one text in a semantic guard, which checks again after each chunk."""

    def __init__(self, run: GuardRun, interval: int, before: str) -> None:
        self._run = run
        self._interval = interval
        self._holds_back = run.blocks
        self._context = before[-CHUNK_CONTEXT_CHARS:]
        self._buffer = ""

    async def push(self, text: str) -> str:
        """Add text and return what may pass now. A guard that only flags holds nothing back."""
        self._buffer += text
        passed = await self._check_buffer() if len(self._buffer) >= self._interval else ""
        return passed if self._holds_back else text

    async def flush(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        return await self.finish()

    async def finish(self) -> str:
        """Check the remaining text and return it."""
        passed = await self._check_buffer()
        return passed if self._holds_back else ""

    async def _check_buffer(self) -> str:
        held, self._buffer = self._buffer, ""
        if held and not self._run.counts:  # a text is flagged only once
            self._context = (self._context + held)[-CHUNK_CONTEXT_CHARS:]
            await self._run.apply(self._context)
        return held


class FullTextBuffer:
    """Stage of one text in a guard that checks the complete text. The text passes at once, only its end waits."""

    def __init__(self, run: GuardRun, before: str) -> None:
        self._run = run
        self._texts = [before]

    async def push(self, text: str) -> str:
        """Add text and return it unchanged."""
        self._texts.append(text)
        return text

    async def flush(self) -> str:
        """Return an empty string, because nothing is held back."""
        return ""

    async def finish(self) -> str:
        """Check the complete text, once, and return an empty string."""
        text, self._texts = "".join(self._texts), []
        await self._run.apply(text)
        return ""


class GuardChain:
    """One text on its way through all guards.

    `is_content` is true for the content of the response. Tool names and reasoning are read only by guards that read all
    texts. `before` is the part of the text that has already passed.
    """

    def __init__(self, runs: Sequence[GuardRun], is_content: bool, before: str = "") -> None:
        self._stages = [
            _create_stage(duty, before)
            for duty in runs
            if is_content or duty.configured_guard.guard.text_scope == "all"
        ]

    async def push(self, text: str) -> str:
        """Add text and return what passes all guards now."""
        for stage in self._stages:
            if not text:
                break
            text = await stage.push(text)
        return text

    async def flush(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        text = ""
        for stage in self._stages:
            text = (await stage.push(text) if text else "") + await stage.flush()
        return text

    async def finish(self) -> str:
        """Return the remaining text at the end of the stream."""
        text = ""
        for stage in self._stages:
            text = (await stage.push(text) if text else "") + await stage.finish()
        return text


def _create_stage(run: GuardRun, before: str) -> SpanHoldback | ChunkedHoldback | FullTextBuffer:
    guard = run.configured_guard.guard
    if isinstance(guard, SpanGuard):
        return SpanHoldback(run, guard, before)
    return ChunkedHoldback(run, guard.check_interval, before) if guard.check_interval else FullTextBuffer(run, before)


def _tail_from_word(text: str) -> str:
    """Return the end of the released text, starting at a word if there is one."""
    behind = text[-SPAN_CONTEXT_CHARS:]
    if len(text) <= SPAN_CONTEXT_CHARS:
        return behind
    words = behind.partition(" ")[2]
    return words or behind
