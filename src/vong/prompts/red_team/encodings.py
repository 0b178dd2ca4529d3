"""Encodings that hide an instruction from filters."""

import base64
import codecs
from collections.abc import Callable

LEET = str.maketrans("aeiost", "431057")
MORSE_LETTERS = (
    "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- u..- v...- "
    "w.-- x-..- y-.-- z--.."
)
MORSE = {sign[0]: sign[1:] for sign in MORSE_LETTERS.split()}


def encode_morse(text: str) -> str:
    """Return the letters of a text in Morse code. Other characters are dropped."""
    words = ("".join(character for character in word if character in MORSE) for word in text.lower().split())
    return " / ".join(" ".join(MORSE[character] for character in word) for word in words if word)


def encode_tags(text: str) -> str:
    """Return a text in invisible Unicode tag characters."""
    return "".join(chr(0xE0000 + ord(character)) for character in text if ord(character) < 0x7F)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(" "),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "leetspeak": lambda text: text.lower().translate(LEET),
    "spaced": lambda text: " ".join(text.replace(" ", "_")),
    "zero_width": "\u200b".join,
    "morse": encode_morse,
    "unicode_tags": encode_tags,
}
"""Encodings by name."""
