"""Run of one guard in one call: checks texts and counts detections."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from vong.errors import ContentBlocked, GuardFailed, VongError
from vong.gateway.guards.base import AskModel, Detection
from vong.gateway.guards.registry import ConfiguredGuard
from vong.pii import replace_values
from vong.records.guard import GuardOutcome


class RetryRequested(ContentBlocked):
    """Signal that the model must answer again. After the second attempt it is treated as ContentBlocked."""


@dataclass
class GuardRun:
    """Work of one guard on the request, or on the response, of one call."""

    configured_guard: ConfiguredGuard
    on: Literal["input", "output"]
    ask_model: AskModel
    counts: dict[str, int] = field(default_factory=dict[str, int])
    elapsed_seconds: float = 0.0

    async def check(self, text: str) -> Sequence[Detection]:
        """Return all detections of the guard.

        Raises:
            GuardFailed: if the check itself fails.
        """
        start = time.perf_counter()
        try:
            return await self.configured_guard.guard.check(text, self.ask_model)
        except GuardFailed:
            raise
        except VongError as error:
            raise GuardFailed(f"guard {self.name!r} failed: {error.message}", error.hint) from error
        finally:
            self.elapsed_seconds += time.perf_counter() - start

    async def apply(self, text: str) -> str:
        """Check a whole text and return it, masked if configured.

        Raises:
            ContentBlocked: if the guard blocks the text.
        """
        found = await self.check(text) if text else ()
        if not found:
            return text
        self.count_detections(found)
        if self.masks:
            return mask_detections(text, found)
        if self.blocks:
            raise self.blocked_error()
        return text

    def count_detections(self, found: Sequence[Detection]) -> None:
        """Add detections to the counts."""
        for item in found:
            self.counts[item.kind] = self.counts.get(item.kind, 0) + 1

    @property
    def name(self) -> str:
        """Return the name of the guard."""
        return self.configured_guard.config.guard

    @property
    def masks(self) -> bool:
        """Return True if detections are replaced by placeholders."""
        return self.configured_guard.config.action == "mask"

    @property
    def blocks(self) -> bool:
        """Return True if a detection blocks the text."""
        return self.configured_guard.config.action in ("block", "retry")

    def blocked_error(self) -> ContentBlocked:
        """Return the error for the caller. The error names the guard and never contains the text."""
        what = "request" if self.on == "input" else "response"
        kind = RetryRequested if self.configured_guard.config.action == "retry" else ContentBlocked
        return kind(
            f"{what} blocked by guard {self.name!r} ({', '.join(self.counts)})",
            "change the request, or ask an owner of the project to change its guards",
        )

    def build_outcome(self) -> GuardOutcome:
        """Return the outcome for the span."""
        action = self.configured_guard.config.action if self.counts else "none"
        found = dict(self.counts)
        return GuardOutcome(
            guard=self.name, on=self.on, action=action, found=found, ms=round(self.elapsed_seconds * 1000, 3)
        )


def mask_detections(text: str, found: Sequence[Detection]) -> str:
    """Replace detections in a text with typed placeholders such as [EMAIL]. JSON in the text stays valid."""
    return replace_values(text, [(item.kind, item.start, item.end) for item in found])
