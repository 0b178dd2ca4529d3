"""Measured speed of the engine of a base model: tokens, and the machine time that they took.

The speed of earlier processes is kept, so that the price of tokens does not change with each restart.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

REMEMBERED_SECONDS = 3600.0
"""Machine time over which the speed is measured. Earlier measurements count less and less."""
REPORT_INTERVAL_SECONDS = 30.0
"""Interval between two stored measurements of a process."""


class EngineSpeed(NamedTuple):
    """Tokens of prompts and outputs, and the machine time in seconds that they took."""

    prompt_tokens: float = 0
    prompt_seconds: float = 0.0
    output_tokens: float = 0
    output_seconds: float = 0.0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EngineSpeed":
        """Return a stored or reported speed."""
        return cls(**{name: float(values.get(name) or 0) for name in cls._fields})

    @property
    def prompt_tokens_per_second(self) -> float | None:
        """Return the speed of prompts, or None if it was not measured."""
        return self.prompt_tokens / self.prompt_seconds if self.prompt_tokens and self.prompt_seconds else None

    @property
    def output_tokens_per_second(self) -> float | None:
        """Return the speed of outputs, or None if it was not measured."""
        return self.output_tokens / self.output_seconds if self.output_tokens and self.output_seconds else None

    def minus(self, other: "EngineSpeed") -> "EngineSpeed":
        """Return what was measured since another measurement of the same process."""
        return EngineSpeed(*(max(0.0, mine - theirs) for mine, theirs in zip(self, other, strict=True)))

    def plus(self, other: "EngineSpeed") -> "EngineSpeed":
        """Return both measurements together. The older one counts less once both exceed an hour."""
        prompt, output = (_merge(self[start], self[start + 1], other[start], other[start + 1]) for start in (0, 2))
        return EngineSpeed(*prompt, *output)


def _merge(tokens: float, seconds: float, new_tokens: float, new_seconds: float) -> tuple[float, float]:
    kept = 1.0
    if seconds and seconds + new_seconds > REMEMBERED_SECONDS:
        kept = max(0.0, REMEMBERED_SECONDS - new_seconds) / seconds
    return round(tokens * kept + new_tokens, 3), round(seconds * kept + new_seconds, 6)
