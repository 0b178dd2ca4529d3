"""Holdback of streamed text: passes each text through the guards and holds back only what may become a detection.

A guard holds back at most CHECK_INTERVAL_CHARS characters of text without a detection. Text of an open detection that
must not pass, for example a private key, is held back until its end is known.
"""

from collections.abc import Sequence

from vong.gateway.guards.base import PIECE, Detection, SpanGuard
from vong.gateway.guards.run import GuardRun, masked

BEHIND = 64
"""Released characters that a guard with spans reads again, because words before a number say what the number is."""
SENSE = 2000
"""Characters of a text that a semantic guard reads at once."""
LONGEST = 8192
"""Characters from which only the beginning and the end of an open detection are held."""
EDGE = 100
"""Characters of that beginning and of that end."""


class SpanHoldback:
    """Stage of one text in a guard whose detections have positions."""

    def __init__(self, duty: GuardRun, guard: SpanGuard, before: str) -> None:
        self._duty = duty
        self._guard = guard
        self._holds = duty.masks or duty.stops
        self._behind = _from_word(before)
        self._held = ""
        self._growing = False

    async def push(self, text: str) -> str:
        """Add text and return what may pass now.

        Raises:
            ContentBlocked: if a detection blocks the text.
        """
        passed = await self._push(text)
        return passed if self._holds else text

    async def end(self) -> str:
        """Return the remaining text at the end of the stream."""
        seen = self._behind + self._held
        if not self._held:
            return ""
        passed = self._pass(seen, len(seen), self._after(await self._duty.look(seen)))
        return passed if self._holds else ""

    async def settle(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        return await self.end()

    async def _push(self, text: str) -> str:
        self._held += text
        seen = self._behind + self._held
        start = len(self._behind)
        settled = max(start, self._guard.settled(seen))
        safe = max(settled, 0 if self._growing and settled == start else len(seen) - PIECE)
        if safe == start and len(seen) < LONGEST:
            return ""
        found = self._after(await self._duty.look(seen))
        for item in found:
            if item.start < safe < item.end or (item.end == len(seen) and item.start < safe):
                safe = item.start
                if len(seen) - safe > LONGEST:
                    seen = seen[: safe + EDGE] + seen[-EDGE:]
                self._growing = item.end == len(seen)
                break
        else:
            self._growing = False
        return self._pass(seen, safe, [item for item in found if item.end <= safe])

    def _after(self, found: Sequence[Detection]) -> list[Detection]:
        """Return the detections that reach into unreleased text, cut to it."""
        start = len(self._behind)
        return [item._replace(start=max(item.start, start)) for item in found if item.end > start]

    def _pass(self, seen: str, safe: int, found: list[Detection]) -> str:
        start = len(self._behind)
        if found:
            self._duty.count(found)
            if self._duty.stops:
                raise self._duty.blocked()
        passed = seen[start:safe]
        if self._duty.masks:
            passed = masked(passed, [item._replace(start=item.start - start, end=item.end - start) for item in found])
        self._held = seen[safe:]
        self._behind = _from_word(seen[:safe])
        return passed


class ChunkedHoldback:
    """Stage of one text in a semantic guard, which checks again after each chunk."""

    def __init__(self, duty: GuardRun, every: int, before: str) -> None:
        self._duty = duty
        self._every = every
        self._holds = duty.stops
        self._behind = before[-SENSE:]
        self._held = ""

    async def push(self, text: str) -> str:
        """Add text and return what may pass now. A guard that only flags holds nothing back."""
        self._held += text
        passed = await self._look() if len(self._held) >= self._every else ""
        return passed if self._holds else text

    async def settle(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        return await self.end()

    async def end(self) -> str:
        """Check the remaining text and return it."""
        passed = await self._look()
        return passed if self._holds else ""

    async def _look(self) -> str:
        held, self._held = self._held, ""
        if held and not self._duty.found:  # a text is flagged only once
            self._behind = (self._behind + held)[-SENSE:]
            await self._duty.over(self._behind)
        return held


class FullTextBuffer:
    """Stage of one text in a guard that checks the complete text. The text passes at once, only its end waits."""

    def __init__(self, duty: GuardRun, before: str) -> None:
        self._duty = duty
        self._texts = [before]

    async def push(self, text: str) -> str:
        """Add text and return it unchanged."""
        self._texts.append(text)
        return text

    async def settle(self) -> str:
        """Return an empty string, because nothing is held back."""
        return ""

    async def end(self) -> str:
        """Check the complete text, once, and return an empty string."""
        text, self._texts = "".join(self._texts), []
        await self._duty.over(text)
        return ""


class GuardChain:
    """One text on its way through all guards.

    `is_content` is true for the content of the response. Tool names and reasoning are read only by guards that read all
    texts. `before` is the part of the text that has already passed.
    """

    def __init__(self, duties: Sequence[GuardRun], sense: bool, before: str = "") -> None:
        self._stages = [_stage(duty, before) for duty in duties if sense or duty.post.guard.reads == "all"]

    async def push(self, text: str) -> str:
        """Add text and return what passes all guards now."""
        for stage in self._stages:
            if not text:
                break
            text = await stage.push(text)
        return text

    async def settle(self) -> str:
        """Return the remaining text because another text of the choice begins."""
        text = ""
        for stage in self._stages:
            text = (await stage.push(text) if text else "") + await stage.settle()
        return text

    async def end(self) -> str:
        """Return the remaining text at the end of the stream."""
        text = ""
        for stage in self._stages:
            text = (await stage.push(text) if text else "") + await stage.end()
        return text


def _stage(duty: GuardRun, before: str) -> SpanHoldback | ChunkedHoldback | FullTextBuffer:
    guard = duty.post.guard
    if isinstance(guard, SpanGuard):
        return SpanHoldback(duty, guard, before)
    return ChunkedHoldback(duty, guard.every, before) if guard.every else FullTextBuffer(duty, before)


def _from_word(text: str) -> str:
    """Return the end of the released text, starting at a word if there is one."""
    behind = text[-BEHIND:]
    if len(text) <= BEHIND:
        return behind
    words = behind.partition(" ")[2]
    return words or behind
