"""Noise of hurried typing: typos, missing capitals, missing Vietnamese diacritics."""

from __future__ import annotations

import unicodedata

from generator.seeded_random import SeededRandom


def strip_diacritics(text: str) -> str:
    """Return Vietnamese text without its diacritics: đường -> duong."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize(
        "NFC", "".join(character for character in decomposed if not unicodedata.combining(character))
    )


def mistype(word: str, rng: SeededRandom) -> str:
    """Return the word with one typo inside: letters swapped, dropped or doubled."""
    index = 1 + rng.below(len(word) - 2)
    kind = rng.below(3)
    if kind == 0:
        return word[:index] + word[index + 1] + word[index] + word[index + 2 :]
    if kind == 1:
        return word[:index] + word[index + 1 :]
    return word[:index] + word[index] + word[index:]


def add_typos(text: str, count: int, rng: SeededRandom) -> str:
    """Return the text with typos in up to `count` words; numbers, addresses and short words stay unchanged."""
    words = text.split(" ")
    eligible = [index for index, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for index in rng.shuffled(eligible)[:count]:
        words[index] = mistype(words[index], rng)
    return " ".join(words)


def add_noise(text: str, channel: str, language: str, rng: SeededRandom) -> str:
    """Return the text with the noise that is typical of a channel and language."""
    if language == "vi" and rng.chance(0.35):
        text = strip_diacritics(text)
    elif language == "en" and rng.chance(0.2):
        text = add_typos(text, 1 + rng.below(2), rng)
    if rng.chance(0.28 if channel == "chat" else 0.08):
        text = text.lower()
    elif rng.chance(0.01):
        text = text.upper()
    if rng.chance(0.1):
        text = text.replace(". ", "  ", 1) if rng.chance(0.5) else text.replace(",", " ,", 1)
    return text
