"""Topics that may be talked about."""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from vong.gateway.guards.base import PIECE, Ask, Detection, GuardDependencies, Reads
from vong.records import Record


class TopicGuardSettings(Record):
    """What is allowed."""

    examples: tuple[str, ...] = Field(
        min_length=1, max_length=500, description="Requests on the allowed topics: ten for each topic do well."
    )
    threshold: float = Field(default=0.35, gt=0, le=1, description="Cosine to the nearest example that is on topic.")
    shortest: int = Field(default=15, ge=0, le=1000, description="Characters below which a text passes: greetings.")


class TopicGuard:
    """Topics: what the user said last must be like (MiniLM) one of the examples of allowed topics. English mostly."""

    Settings: ClassVar[type[Record]] = TopicGuardSettings
    reads: ClassVar[Reads] = "last"
    every: ClassVar[int | None] = PIECE

    def __init__(self, settings: TopicGuardSettings, aids: GuardDependencies) -> None:
        self._settings = settings
        self._embed = aids.embed

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """`off_topic` where no example is near."""
        del ask
        if len(text.strip()) < self._settings.shortest:
            return []
        nearest = await asyncio.to_thread(self._nearest, text)
        return [] if nearest >= self._settings.threshold else [Detection("off_topic", score=round(1 - nearest, 3))]

    def _nearest(self, text: str) -> float:
        return float((self._embed([text[:2000]]) @ self._examples.T).max())

    @cached_property
    def _examples(self) -> Any:
        return self._embed(list(self._settings.examples))
