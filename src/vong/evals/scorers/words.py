"""Splitting of texts of all scripts into words."""

import unicodedata

import regex

SCRIPTS_WITHOUT_SPACES = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
_SCRIPTS = "".join(rf"\p{{Script={name}}}" for name in SCRIPTS_WITHOUT_SPACES)
SCRIPT_CHARACTERS = _SCRIPTS
"""Class of the characters of scripts without spaces, to be put between brackets."""
WORD = regex.compile(rf"[{_SCRIPTS}]\p{{M}}*|(?:(?![{_SCRIPTS}])[\p{{L}}\p{{N}}\p{{M}}])+")
SPLIT = regex.compile(rf"([{_SCRIPTS}]\p{{M}}*)")


def find_words(text: str) -> list[str]:
    """Return the words of a text in lower case: letters and digits of all scripts, in composed form (NFKC).

    A character of a script without spaces is a word of its own, with the vowel signs and tone marks that follow it.
    """
    return WORD.findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()))


def lacks_spaces(text: str) -> bool:
    """Return True if most letters of a text belong to scripts without spaces, so that spaces divide no words."""
    letters = sum(map(str.isalnum, text))
    return 2 * sum(map(len, SPLIT.findall(text))) > letters > 0


def split_words(text: str) -> list[str]:
    """Return the words of a text between spaces. A character of a script without spaces is a word of its own."""
    return SPLIT.sub(r" \1 ", text).split()
