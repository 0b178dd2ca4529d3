"""What one guard does in one call: it looks, and keeps count."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from vong.errors import ContentBlocked, GuardFailed, VongError
from vong.gateway.guards.base import Ask, Detection
from vong.gateway.guards.registry import ConfiguredGuard
from vong.records.guard import GuardOutcome


class RetryRequested(ContentBlocked):
    """The model is to be asked once more; the second time it is what it was made from."""


@dataclass
class GuardRun:
    """A guard's work on the request, or on the answer, of one call."""

    post: ConfiguredGuard
    on: Literal["input", "output"]
    ask: Ask
    found: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0

    async def look(self, text: str) -> Sequence[Detection]:
        """All that the guard finds. GuardFailed where it could not look."""
        start = time.perf_counter()
        try:
            return await self.post.guard.look(text, self.ask)
        except GuardFailed:
            raise
        except VongError as error:
            raise GuardFailed(f"the guard {self.name!r} could not look: {error.message}", error.hint) from error
        finally:
            self.seconds += time.perf_counter() - start

    async def over(self, text: str) -> str:
        """A whole text after this guard. ContentBlocked where it lets it not through."""
        found = await self.look(text) if text else ()
        if not found:
            return text
        self.count(found)
        if self.masks:
            return masked(text, found)
        if self.stops:
            raise self.blocked()
        return text

    def count(self, found: Sequence[Detection]) -> None:
        """These were found."""
        for item in found:
            self.found[item.kind] = self.found.get(item.kind, 0) + 1

    @property
    def name(self) -> str:
        """The guard's."""
        return self.post.use.guard

    @property
    def masks(self) -> bool:
        """Whether placeholders take the place of what is found."""
        return self.post.use.action == "mask"

    @property
    def stops(self) -> bool:
        """Whether a text in which something is found goes no further."""
        return self.post.use.action in ("block", "retry")

    def blocked(self) -> ContentBlocked:
        """What the caller is told: the guard, never the text."""
        what = "request" if self.on == "input" else "answer"
        kind = RetryRequested if self.post.use.action == "retry" else ContentBlocked
        return kind(
            f"the guard {self.name!r} lets this {what} not through ({', '.join(self.found)})",
            "change what you send, or ask who keeps the guards of this project",
        )

    def outcome(self) -> GuardOutcome:
        """For the span."""
        action = self.post.use.action if self.found else "none"
        found = dict(self.found)
        return GuardOutcome(guard=self.name, on=self.on, action=action, found=found, ms=round(self.seconds * 1000, 3))


def masked(text: str, found: Sequence[Detection]) -> str:
    """The text with typed placeholders ([EMAIL]) in place of what was found."""
    for item in reversed(found):
        text = f"{text[: item.start]}{placeholder(item)}{text[item.end :]}"
    return text


def placeholder(item: Detection) -> str:
    """What stands in place of it."""
    return f"[{item.kind.upper()}]"
