"""How long a text may be."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, model_validator

from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.records import Record


class LengthGuardSettings(Record):
    """Bounds; one of them at least."""

    most_characters: int | None = Field(default=None, ge=0)
    most_words: int | None = Field(default=None, ge=0)
    least_characters: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Any:
        if self.most_characters is None and self.most_words is None and self.least_characters is None:
            raise ValueError("set one of most_characters, most_words and least_characters")
        return self


class LengthGuard:
    """Length: what the user said last, or the whole answer, is neither too long nor too short."""

    Settings: ClassVar[type[Record]] = LengthGuardSettings
    reads: ClassVar[Reads] = "last"
    every: ClassVar[int | None] = None

    def __init__(self, settings: LengthGuardSettings, aids: GuardDependencies) -> None:
        del aids
        self._settings = settings

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """`too_long` or `too_short`."""
        del ask
        wanted, words = self._settings, len(text.split())
        if wanted.most_characters is not None and len(text) > wanted.most_characters:
            return [Detection("too_long")]
        if wanted.most_words is not None and words > wanted.most_words:
            return [Detection("too_long")]
        return [Detection("too_short")] if len(text) < (wanted.least_characters or 0) else []
