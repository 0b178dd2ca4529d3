"""How much of a streamed text is settled: the part in which later text cannot change what is found."""

import re

from vong.pii.birth_dates import MONTH
from vong.pii.characters import to_plain_characters

ORDINAL_START = r"(?:\.|[a-zºª]{0,2})"
DIGIT_RUN = r"[\d() ./:+-]*(?:x\d*)?"
DATE_WORD = r"(?:[^\W\d_]{0,4}|năm|tháng|MONTH)[.,]?".replace("MONTH", MONTH)
INCOMPLETE = re.compile(
    rf"""(?:
        (?<!\d)[+(]?\d{DIGIT_RUN}                                      # digits and separators
      | \b[A-Za-z]{{1,2}}(?:\d{{1,2}}(?:[ -]?[A-Za-z0-9]){{0,30}})?[ -]?   # the beginning of an IBAN
      | (?<!\d)\d{{1,2}}{ORDINAL_START}(?:[ -](?:{DATE_WORD}|\d{{1,2}},?)){{1,4}}(?:[ -]{DIGIT_RUN})?  # of a date
      | \b{MONTH}\.?(?:[ ](?:\d{{0,2}}{ORDINAL_START},?(?:[ ]{DIGIT_RUN})?)?)?
      | \S+                                                       # a word
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
DIGIT = re.compile(r"\d")
MAX_MONTH_CHARS = 40
"""Maximum characters of a word that begins like a month and of the text that may follow it."""


def stable_length(text: str) -> int:
    """Return the length of the prefix that later text cannot change; the rest is at most 200 characters.

    No PII in the prefix would end differently, and no PII across its end would begin differently.
    """
    text = to_plain_characters(text)
    start = max(0, len(text) - 200)
    if not DIGIT.search(text, start):  # then only the last word, or a month before it, may become PII
        start = max(start, text.rfind(" ") + 1 - MAX_MONTH_CHARS)
    match = INCOMPLETE.search(text, start)
    return match.start() if match else len(text)
