"""Guards over a stream: texts pass through each guard in turn, and no more is held back than may become a finding.

`PIECE` characters are the most that a guard holds back of what it has not found anything in. What it has found and may
not pass is held until its end is known, of a private key, say.
"""

from collections.abc import Sequence

from vong.gateway.guards.base import PIECE, Detection, SpanGuard
from vong.gateway.guards.run import GuardRun, masked

BEHIND = 64
"""Characters before the held text that a guard with places reads again: words that say what a number is."""
SENSE = 2000
"""Characters of a text that a guard which reads for the sense sees at once."""
LONGEST = 8192
"""Characters of a finding from which only its beginning and its end are held."""
EDGE = 100


class SpanHoldback:
    """One text on its way through a guard whose findings have places."""

    def __init__(self, duty: GuardRun, guard: SpanGuard, before: str) -> None:
        self._duty = duty
        self._guard = guard
        self._holds = duty.masks or duty.stops
        self._behind = _from_word(before)
        self._held = ""
        self._growing = False

    async def push(self, text: str) -> str:
        """What passes now that `text` has come too. ContentBlocked where something is found that may not pass."""
        passed = await self._push(text)
        return passed if self._holds else text

    async def end(self) -> str:
        """What is left, when nothing follows."""
        seen = self._behind + self._held
        if not self._held:
            return ""
        passed = self._pass(seen, len(seen), self._after(await self._duty.look(seen)))
        return passed if self._holds else ""

    async def settle(self) -> str:
        """What is left, when other texts come between."""
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
        """Those that reach into what has not passed yet."""
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
    """One text on its way through a guard that reads for the sense: it looks again after each piece."""

    def __init__(self, duty: GuardRun, every: int, before: str) -> None:
        self._duty = duty
        self._every = every
        self._holds = duty.stops
        self._behind = before[-SENSE:]
        self._held = ""

    async def push(self, text: str) -> str:
        """What passes now that `text` has come too: one that only flags holds nothing back."""
        self._held += text
        passed = await self._look() if len(self._held) >= self._every else ""
        return passed if self._holds else text

    async def settle(self) -> str:
        """What is left, when other texts come between."""
        return await self.end()

    async def end(self) -> str:
        """What is left, once it was looked at."""
        passed = await self._look()
        return passed if self._holds else ""

    async def _look(self) -> str:
        held, self._held = self._held, ""
        if held and not self._duty.found:  # it is flagged once
            self._behind = (self._behind + held)[-SENSE:]
            await self._duty.over(self._behind)
        return held


class FullTextBuffer:
    """One text that a guard looks at once it is complete: it passes meanwhile, and what ends it waits."""

    def __init__(self, duty: GuardRun, before: str) -> None:
        self._duty = duty
        self._texts = [before]

    async def push(self, text: str) -> str:
        """The text."""
        self._texts.append(text)
        return text

    async def settle(self) -> str:
        """Nothing is held."""
        return ""

    async def end(self) -> str:
        """Nothing more; the guard looks, once."""
        text, self._texts = "".join(self._texts), []
        await self._duty.over(text)
        return ""


class GuardChain:
    """One text on its way through all guards. `sense` says whether it is what the answer says: tools' names and
    thoughts are read only by the guards that read everything. `before` is what the text says already and has passed.
    """

    def __init__(self, duties: Sequence[GuardRun], sense: bool, before: str = "") -> None:
        self._stages = [_stage(duty, before) for duty in duties if sense or duty.post.guard.reads == "all"]

    async def push(self, text: str) -> str:
        """What passes all guards now."""
        for stage in self._stages:
            if not text:
                break
            text = await stage.push(text)
        return text

    async def settle(self) -> str:
        """What is left, when other texts come between."""
        text = ""
        for stage in self._stages:
            text = (await stage.push(text) if text else "") + await stage.settle()
        return text

    async def end(self) -> str:
        """What is left, when nothing follows."""
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
    """The end of what has passed, from the beginning of a word where there is one."""
    behind = text[-BEHIND:]
    if len(text) <= BEHIND:
        return behind
    words = behind.partition(" ")[2]
    return words or behind
