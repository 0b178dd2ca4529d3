"""Guard that bounds the length of texts."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, model_validator

from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.records import Record


class LengthGuardSettings(Record):
    """Bounds of the length. At least one must be set."""

    max_characters: int | None = Field(default=None, ge=0)
    max_words: int | None = Field(default=None, ge=0)
    min_characters: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _require_a_bound(self) -> Any:
        if self.max_characters is None and self.max_words is None and self.min_characters is None:
            raise ValueError("set at least one of max_characters, max_words and min_characters")
        return self


class LengthGuard:
    """Length: the last user text, or the whole response, is neither too long nor too short."""

    Settings: ClassVar[type[Record]] = LengthGuardSettings
    text_scope: ClassVar[TextScope] = "last"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: LengthGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        self._settings = settings

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return a `too_long` or `too_short` detection."""
        del ask
        settings, words = self._settings, len(text.split())
        if settings.max_characters is not None and len(text) > settings.max_characters:
            return [Detection("too_long")]
        if settings.max_words is not None and words > settings.max_words:
            return [Detection("too_long")]
        return [Detection("too_short")] if len(text) < (settings.min_characters or 0) else []
