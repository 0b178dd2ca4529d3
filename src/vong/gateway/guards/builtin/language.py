"""Languages that may be spoken."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from vong.gateway.guards.base import PIECE, Ask, Detection, GuardDependencies, Reads
from vong.language_detection import language
from vong.records import Record


class LanguageGuardSettings(Record):
    """What is allowed."""

    allowed: tuple[str, ...] = Field(min_length=1, max_length=100, description="ISO 639 codes: en, vi.")


class LanguageGuard:
    """Language: what the user said last is in an allowed one (fastText's small model). Texts of fewer than 12
    characters and such that could be in several languages pass.
    """

    Settings: ClassVar[type[Record]] = LanguageGuardSettings
    reads: ClassVar[Reads] = "last"
    every: ClassVar[int | None] = PIECE

    def __init__(self, settings: LanguageGuardSettings, aids: GuardDependencies) -> None:
        del aids
        self._allowed = {"unknown", *(code.lower() for code in settings.allowed)}

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """The language, as `language_de`, where it is not allowed."""
        del ask
        spoken = await asyncio.to_thread(language, text.replace("\n", " "))
        return [] if spoken in self._allowed else [Detection(f"language_{spoken}")]
