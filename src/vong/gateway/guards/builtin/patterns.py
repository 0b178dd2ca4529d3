"""Guards with your own regular expressions and word lists."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

import regex
from pydantic import Field

from vong.errors import GuardFailed, InvalidInput
from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.records import Record

MATCH_TIMEOUT_SECONDS = 0.05
"""Seconds that one pattern may take for one text. Some patterns never finish on some texts."""


class RegexGuardSettings(Record):
    """Regular expressions by the name of their detections."""

    patterns: Mapping[str, str] = Field(
        min_length=1, max_length=100, description="Regular expressions by the name of their detections."
    )
    ignore_case: bool = False


class DenylistGuardSettings(Record):
    """Words and phrases to detect."""

    words: tuple[str, ...] = Field(min_length=1, max_length=10_000, description="Words and phrases.")
    whole: bool = Field(default=True, description="Match whole words only. Otherwise parts of words match too.")
    ignore_case: bool = True
    name: str = Field(default="word", pattern=r"[a-z][a-z0-9_]{0,39}", description="Name of the detections.")


class RegexDetections:
    """Base of the guards that find matches of compiled expressions, each with a name."""

    text_scope: ClassVar[TextScope] = "all"
    check_interval: ClassVar[int | None] = None

    def __init__(self, patterns: Mapping[str, "regex.Pattern[str]"]) -> None:
        self._patterns = patterns

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return every match. Of two overlapping matches the pattern listed first wins.

        Raises:
            GuardFailed: if a pattern takes longer than MATCH_TIMEOUT_SECONDS.
        """
        del ask
        return await asyncio.to_thread(self._find_matches, text) if len(text) > 2000 else self._find_matches(text)

    def stable_length(self, text: str) -> int:
        """Return the position before which no incomplete match begins."""
        return min(map(self._first_incomplete_match, self._patterns.values(), [text] * len(self._patterns)))

    def _find_matches(self, text: str) -> Sequence[Detection]:
        found: list[Detection] = []
        for name, pattern in self._patterns.items():
            try:
                for match in pattern.finditer(text, timeout=MATCH_TIMEOUT_SECONDS, concurrent=True):
                    start, end = match.span()
                    if start < end and all(end <= other.start or start >= other.end for other in found):
                        found.append(Detection(name, start, end))
            except TimeoutError:
                raise GuardFailed(
                    f"pattern {name!r} takes longer than {MATCH_TIMEOUT_SECONDS} s",
                    "rewrite it without nested repetition",
                ) from None
        return sorted(found, key=lambda item: item.start)

    def _first_incomplete_match(self, pattern: "regex.Pattern[str]", text: str) -> int:
        try:
            for match in pattern.finditer(text, timeout=MATCH_TIMEOUT_SECONDS, partial=True, concurrent=True):
                if match.partial or match.end() == len(text):
                    return match.start()
        except TimeoutError:
            return 0
        return len(text)


class RegexGuard(RegexDetections):
    """Patterns: your own regular expressions, each with the name of its detections.

    A pattern that takes longer than 50 ms for a text fails, and the call fails with it.
    """

    Settings: ClassVar[type[Record]] = RegexGuardSettings

    def __init__(self, settings: RegexGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        flags = regex.IGNORECASE if settings.ignore_case else 0
        compiled: dict[str, regex.Pattern[str]] = {}
        for name, pattern in settings.patterns.items():
            try:
                compiled[name] = regex.compile(pattern, flags)
            except regex.error as error:
                message = f"pattern {name!r} is not a valid regular expression: {error}"
                raise InvalidInput(message, "use the syntax of Python's re module") from None
            if compiled[name].fullmatch(""):
                raise InvalidInput(f"pattern {name!r} matches an empty text", "require at least one character")
        super().__init__(compiled)


class DenylistGuard(RegexDetections):
    """Words: a list of forbidden words and phrases, matched as whole words or as parts of words."""

    Settings: ClassVar[type[Record]] = DenylistGuardSettings

    def __init__(self, settings: DenylistGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        if not all(word.strip() for word in settings.words):
            raise InvalidInput("the list contains an empty word", "remove it")
        alternatives = "|".join(regex.escape(word.strip()) for word in sorted(settings.words, key=len, reverse=True))
        pattern = rf"(?<!\w)(?:{alternatives})(?!\w)" if settings.whole else f"(?:{alternatives})"
        super().__init__({settings.name: regex.compile(pattern, regex.IGNORECASE if settings.ignore_case else 0)})
