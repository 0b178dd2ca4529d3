"""Guard that allows only some languages."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from vong.gateway.guards.base import CHECK_INTERVAL_CHARS, AskModel, Detection, GuardDependencies, TextScope
from vong.language_detection import detect_language
from vong.records import Record


class LanguageGuardSettings(Record):
    """Allowed languages."""

    allowed: tuple[str, ...] = Field(min_length=1, max_length=100, description="ISO 639 codes: en, vi.")


class LanguageGuard:
    """Language: the last user text is in an allowed language (fastText's small model).

    Texts of fewer than 12 characters, and texts that could be in several languages, pass.
    """

    Settings: ClassVar[type[Record]] = LanguageGuardSettings
    text_scope: ClassVar[TextScope] = "last"
    check_interval: ClassVar[int | None] = CHECK_INTERVAL_CHARS

    def __init__(self, settings: LanguageGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        self._allowed = {"unknown", *(code.lower() for code in settings.allowed)}

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return the language, as `language_de`, if it is not allowed."""
        del ask
        detected = await asyncio.to_thread(detect_language, text.replace("\n", " "))
        return [] if detected in self._allowed else [Detection(f"language_{detected}")]
