"""What hands and hurry do to a text: typos, lost capitals, lost Vietnamese marks."""

from __future__ import annotations

import unicodedata

from making.dice import Dice


def strip_marks(text: str) -> str:
    """Vietnamese as typed without its marks: đường -> duong."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def mistype(word: str, dice: Dice) -> str:
    """One slip inside a word: letters swapped, dropped or doubled."""
    place = 1 + dice.below(len(word) - 2)
    kind = dice.below(3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]


def typos(text: str, count: int, dice: Dice) -> str:
    """The text with up to `count` words mistyped; figures, addresses and short words are left alone."""
    words = text.split(" ")
    eligible = [index for index, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for index in dice.shuffled(eligible)[:count]:
        words[index] = mistype(words[index], dice)
    return " ".join(words)


def roughen(text: str, channel: str, language: str, dice: Dice) -> str:
    """A clean text as it would come in through this channel."""
    if language == "vi" and dice.chance(0.35):
        text = strip_marks(text)
    elif language == "en" and dice.chance(0.2):
        text = typos(text, 1 + dice.below(2), dice)
    if dice.chance(0.28 if channel == "chat" else 0.08):
        text = text.lower()
    elif dice.chance(0.01):
        text = text.upper()
    if dice.chance(0.1):
        text = text.replace(". ", "  ", 1) if dice.chance(0.5) else text.replace(",", " ,", 1)
    return text
