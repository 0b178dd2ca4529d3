"""Characters that write the same number or address: full-width forms, digits of other scripts, other spaces and dashes.

Replacing them keeps the length of a text, so that positions in both texts are equal.
"""

import re

DIGIT_ZEROS = (0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20)
"""Code points of the digit zero of other scripts. The digits 1 to 9 follow it."""
PLAIN_CHARACTERS: dict[int, str] = {
    **{0xFF01 + offset: chr(0x21 + offset) for offset in range(94)},  # full-width forms of ASCII
    **{zero + digit: str(digit) for zero in DIGIT_ZEROS for digit in range(10)},
    **dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), " "),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-"),
}
OTHER_FORMS = re.compile(f"[{''.join(map(chr, PLAIN_CHARACTERS))}]")


def to_plain_characters(text: str) -> str:
    """Return the text with ASCII forms of digits, spaces, dashes and full-width characters. The length is the same."""
    if text.isascii() or not OTHER_FORMS.search(text):
        return text
    return text.translate(PLAIN_CHARACTERS)
