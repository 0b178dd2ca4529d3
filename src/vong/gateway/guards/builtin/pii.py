"""Personal data: e-mail addresses, phone numbers, cards, accounts, IP addresses, identity numbers, dates of birth."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.pii import ALL, Kind, find, settled
from vong.records import Record


class PiiGuardSettings(Record):
    """Which kinds are looked for."""

    kinds: tuple[Kind, ...] = Field(default=ALL, min_length=1, description="All where none is named.")


class PiiGuard:
    """Personal data: `email`, `phone`, `card` (by Luhn), `iban` (by mod-97), `ip`, `ssn` (of the US), `national_id` (of
    ten states, by their checksums) and `birth_date` (where it is called so). Names and addresses are not found.
    """

    Settings: ClassVar[type[Record]] = PiiGuardSettings
    reads: ClassVar[Reads] = "all"
    every: ClassVar[int | None] = None

    def __init__(self, settings: PiiGuardSettings, aids: GuardDependencies) -> None:
        del aids
        self._kinds = settings.kinds

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """Each piece with its kind."""
        del ask
        return [Detection(*item) for item in find(text, self._kinds)]

    def settled(self, text: str) -> int:
        """Up to the last word, or the last run of digits."""
        return settled(text)
