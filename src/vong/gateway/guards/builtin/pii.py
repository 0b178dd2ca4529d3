"""Guard that detects PII: e-mail addresses, phone numbers, cards, accounts, IP addresses, IDs, dates of birth."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.pii import ALL_KINDS, PiiKind, find_pii, stable_length
from vong.records import Record


class PiiGuardSettings(Record):
    """Kinds of PII to detect."""

    kinds: tuple[PiiKind, ...] = Field(default=ALL_KINDS, min_length=1, description="All kinds if left out.")


class PiiGuard:
    """PII: `email`, `phone`, `card` (Luhn), `iban` (mod-97), `ip`, US `ssn`, `national_id` and `birth_date`.

    National IDs are those of ten other states, confirmed by their checksums. A date of birth counts only if the text
    calls it one. Names and postal addresses are not detected.
    """

    Settings: ClassVar[type[Record]] = PiiGuardSettings
    text_scope: ClassVar[TextScope] = "all"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: PiiGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        self._kinds = settings.kinds

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return every piece of PII with its kind."""
        del ask
        return [Detection(*item) for item in find_pii(text, self._kinds)]

    def stable_length(self, text: str) -> int:
        """Return the position before the last word or the last run of digits."""
        return stable_length(text)
