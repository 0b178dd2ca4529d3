"""Guard that allows only some topics."""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from vong.gateway.guards.base import CHECK_INTERVAL_CHARS, AskModel, Detection, GuardDependencies, TextScope
from vong.records import Record


class TopicGuardSettings(Record):
    """Allowed topics, by examples."""

    examples: tuple[str, ...] = Field(
        min_length=1, max_length=500, description="Requests on the allowed topics. Ten per topic work well."
    )
    threshold: float = Field(default=0.35, gt=0, le=1, description="Minimum cosine similarity to the nearest example.")
    shortest: int = Field(
        default=15, ge=0, le=1000, description="Texts with fewer characters pass, for example greetings."
    )


class TopicGuard:
    """Topics: the last user text must be similar (MiniLM) to an example of an allowed topic. Works best in English."""

    Settings: ClassVar[type[Record]] = TopicGuardSettings
    text_scope: ClassVar[TextScope] = "last"
    check_interval: ClassVar[int | None] = CHECK_INTERVAL_CHARS

    def __init__(self, settings: TopicGuardSettings, dependencies: GuardDependencies) -> None:
        self._settings = settings
        self._embed = dependencies.embed

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return an `off_topic` detection if no example is similar enough."""
        del ask
        if len(text.strip()) < self._settings.shortest:
            return []
        nearest = await asyncio.to_thread(self._max_similarity, text)
        return [] if nearest >= self._settings.threshold else [Detection("off_topic", score=round(1 - nearest, 3))]

    def _max_similarity(self, text: str) -> float:
        return float((self._embed([text[:2000]]) @ self._example_vectors.T).max())

    @cached_property
    def _example_vectors(self) -> Any:
        return self._embed(list(self._settings.examples))
