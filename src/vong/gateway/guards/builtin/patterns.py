"""Patterns and words of your own."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

import regex
from pydantic import Field

from vong.errors import GuardFailed, InvalidInput
from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.records import Record

PATIENCE = 0.05
"""Seconds that a pattern may take for a text: some take for ever on some texts."""


class RegexGuardSettings(Record):
    """Patterns by the name of what they find."""

    patterns: Mapping[str, str] = Field(
        min_length=1, max_length=100, description="Regular expressions, each by the name of what it finds."
    )
    ignore_case: bool = False


class DenylistGuardSettings(Record):
    """A list of words."""

    words: tuple[str, ...] = Field(min_length=1, max_length=10_000, description="Words and phrases.")
    whole: bool = Field(default=True, description="Only whole words; else parts of words too.")
    ignore_case: bool = True
    name: str = Field(default="word", pattern=r"[a-z][a-z0-9_]{0,39}", description="What a finding is called.")


class RegexDetections:
    """Findings of compiled expressions, each by its name."""

    reads: ClassVar[Reads] = "all"
    every: ClassVar[int | None] = None

    def __init__(self, patterns: Mapping[str, "regex.Pattern[str]"]) -> None:
        self._patterns = patterns

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """Each match; where two overlap the pattern that is named first wins. GuardFailed where one takes too long."""
        del ask
        return await asyncio.to_thread(self._find, text) if len(text) > 2000 else self._find(text)

    def settled(self, text: str) -> int:
        """Up to where a match may have begun that is not complete."""
        return min(map(self._open, self._patterns.values(), [text] * len(self._patterns)))

    def _find(self, text: str) -> Sequence[Detection]:
        found: list[Detection] = []
        for name, pattern in self._patterns.items():
            try:
                for match in pattern.finditer(text, timeout=PATIENCE, concurrent=True):
                    start, end = match.span()
                    if start < end and all(end <= other.start or start >= other.end for other in found):
                        found.append(Detection(name, start, end))
            except TimeoutError:
                raise GuardFailed(
                    f"the pattern {name!r} takes too long", "write it without nested repetition"
                ) from None
        return sorted(found, key=lambda item: item.start)

    def _open(self, pattern: "regex.Pattern[str]", text: str) -> int:
        try:
            for match in pattern.finditer(text, timeout=PATIENCE, partial=True, concurrent=True):
                if match.partial or match.end() == len(text):
                    return match.start()
        except TimeoutError:
            return 0
        return len(text)


class RegexGuard(RegexDetections):
    """Patterns: regular expressions of your own, each with the name of what it finds. One that takes longer than 50 ms
    for a text fails, and the call with it.
    """

    Settings: ClassVar[type[Record]] = RegexGuardSettings

    def __init__(self, settings: RegexGuardSettings, aids: GuardDependencies) -> None:
        del aids
        flags = regex.IGNORECASE if settings.ignore_case else 0
        made: dict[str, regex.Pattern[str]] = {}
        for name, pattern in settings.patterns.items():
            try:
                made[name] = regex.compile(pattern, flags)
            except regex.error as error:
                message = f"the pattern {name!r} cannot be read: {error}"
                raise InvalidInput(message, "write a regular expression as Python's re takes it") from None
            if made[name].fullmatch(""):
                raise InvalidInput(f"the pattern {name!r} matches an empty text", "let it ask for a character at least")
        super().__init__(made)


class DenylistGuard(RegexDetections):
    """Words: a list of words and phrases that are not to be said, whole or as parts of words."""

    Settings: ClassVar[type[Record]] = DenylistGuardSettings

    def __init__(self, settings: DenylistGuardSettings, aids: GuardDependencies) -> None:
        del aids
        if not all(word.strip() for word in settings.words):
            raise InvalidInput("a word of the list is empty", "leave it out")
        listed = "|".join(regex.escape(word.strip()) for word in sorted(settings.words, key=len, reverse=True))
        pattern = rf"(?<!\w)(?:{listed})(?!\w)" if settings.whole else f"(?:{listed})"
        super().__init__({settings.name: regex.compile(pattern, regex.IGNORECASE if settings.ignore_case else 0)})
