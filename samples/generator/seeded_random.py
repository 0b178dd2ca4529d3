"""Seeded random choices, identical on every Python version, and the phrase templates.

In a phrase, `{a|b}` stands for one of the alternatives, `[slot]` for an entry of `phrases/slots.json` and `[d4]` for
four digits.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PHRASES = Path(__file__).parent.parent / "phrases"
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
_TWO_ARTICLES = re.compile(r"\b(the|one|same|second|spare|new) (?:the|our|your|my) ")
_SLOT = re.compile(r"\[([a-z_]+|d\d)\]")


def load_phrases(name: str) -> Any:
    """Load and parse the phrase file `name`."""
    return json.loads((PHRASES / f"{name}.json").read_text(encoding="utf-8"))


class SeededRandom:
    """Random choices from one seed, based on `random()` alone, whose sequence is the same in all Python versions."""

    def __init__(self, seed: str, slots: Mapping[str, Sequence[str]]) -> None:
        self._random = random.Random(seed)
        self._slots = slots

    def below(self, limit: int) -> int:
        """Return an integer from 0 to limit - 1."""
        return int(self._random.random() * limit)

    def chance(self, share: float) -> bool:
        """Return True with probability `share`."""
        return self._random.random() < share

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def weighted_choice(self, weights: Mapping[T, float]) -> T:
        """Return one of the keys, chosen by weight."""
        point = self._random.random() * sum(weights.values())
        for key, weight in weights.items():
            point -= weight
            if point < 0:
                return key
        return next(reversed(list(weights)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order (Fisher-Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result

    def digits(self, count: int) -> str:
        """Return `count` digits; the first one is not 0."""
        return str(1 + self.below(9)) + "".join(str(self.below(10)) for _ in range(count - 1))

    def expand(self, phrase: str) -> str:
        """Return a phrase with its alternatives chosen and its slots filled."""
        while _SLOT.search(phrase) or _ALTERNATIVES.search(phrase):
            phrase = _ALTERNATIVES.sub(lambda match: self.choice(match[1].split("|")), phrase)
            phrase = _SLOT.sub(lambda match: self._fill(match[1]), phrase)
        return _TWO_ARTICLES.sub(r"\1 ", phrase).replace("  ", " ")

    def _fill(self, slot: str) -> str:
        if re.fullmatch(r"d\d", slot):
            return self.digits(int(slot[1]))
        return self.choice(self._slots[slot])
