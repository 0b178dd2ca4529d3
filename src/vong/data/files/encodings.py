"""Detection of text encodings: byte order marks, UTF-16 and UTF-32 without one, UTF-8, and older encodings."""

import codecs
import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple

from vong.errors import InvalidInput

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, the longer ones of the same beginning first."""
SAMPLE_BYTES = 262_144
MAX_WESTERN_SHARE = 0.3
"""Maximum share of letters outside ASCII in a text of a language with Latin letters."""
MIN_STATISTICS_BYTES = 8
"""Minimum number of bytes outside ASCII that identify an alphabet."""
MIN_UTF16_NULS = 0.2
"""Minimum share of NUL bytes in text that is also valid UTF-8, for it to be UTF-16 or UTF-32."""
CONTROL_BYTES = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
CENTRAL_EUROPEAN_AS_CP1252 = re.compile(
    "[a-z\u00df-\u00ff][\u00b3\u00b9\u00bf\u0178\u00b6\u00b1][a-z]|[\u0161\u017e].*[\u00ec\u00f8\u00f9]|[\u00ec\u00f8\u00f9].*[\u0161\u017e]"
)
"""Polish and Czech text in cp1250 or ISO 8859-2, decoded as cp1252: signs inside words, and impossible letters."""
POLISH_ISO = re.compile("[a-z][\u00b1\u00b6]|[\u00b1\u00b6][a-z]")
C1_BYTES = re.compile(rb"[\x80-\x9f]")
TURKISH_AS_CP1252 = re.compile("[a-z][\u00fe\u00f0\u00fd][a-z ]")
ICELANDIC_AS_CP1252 = re.compile("[\u00e1\u00e6\u00f3\u00fa]")
LATIN_ENCODINGS = ["cp1250", "mac_roman", "cp1254", "cp1257", "cp1258"]
OTHER_ENCODINGS = [
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
    *("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "tis_620"),
]


class TextEncoding(NamedTuple):
    """Encoding: the name of a Python codec, and if it was guessed from the text."""

    name: str
    assumed: bool = False


def detect_encoding(blocks: Iterable[bytes]) -> TextEncoding:
    """Return the encoding of a text. A text that is mostly valid UTF-8 is UTF-8 with invalid bytes.

    Raises:
        InvalidInput: The content is not text.
    """
    decoder, position, invalid = codecs.getincrementaldecoder("utf-8")("strict"), 0, False
    sample = bytearray()
    for block in blocks:
        if position == 0:
            if found := _detect_unicode(block):
                return found
            if b"\0" in block[:4096] and len(block[:4096].translate(None, CONTROL_BYTES)) < 0.9 * len(block[:4096]):
                raise InvalidInput("the file is not text", "import rows as JSONL, JSON, CSV or Parquet")
        position += len(block)
        if not block.isascii() and len(sample) < SAMPLE_BYTES:
            sample += _lines_outside_ascii(block)
        try:
            if not invalid:
                decoder.decode(block)
        except UnicodeDecodeError:
            invalid = True
        if invalid and len(sample) >= SAMPLE_BYTES:
            break
    return _choose_encoding(bytes(sample)) if invalid else TextEncoding("utf-8")


def _detect_unicode(head: bytes) -> TextEncoding | None:
    """Return the encoding that a byte order mark or the places of NUL bytes show."""
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return TextEncoding(name)
    sample = head[:4096]
    if b"\0" not in sample or (
        sample.count(0) < MIN_UTF16_NULS * len(sample) and _is_plausible(sample, "utf-8", {"\0"})
    ):
        return None
    zeros = [sample[place::4].count(0) / max(1, len(sample[place::4])) for place in range(4)]
    for name, zero_places, low_byte in (("utf-32-le", (2, 3), 0), ("utf-32-be", (0, 1), 3)):
        if min(zeros[place] for place in zero_places) > 0.9 > 3 * zeros[low_byte] and _is_plausible(sample, name):
            return TextEncoding(name, assumed=True)
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    for name, low, high in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if high > max(0.04, 2 * low) and _is_plausible(sample, name):
            return TextEncoding(name, assumed=True)
    return None


def _is_plausible(sample: bytes, encoding: str, allowed: Collection[str] = ()) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return all(
        unicodedata.category(character) not in {"Cc", "Cn", "Co"} or character in "\t\r\n\f" or character in allowed
        for character in text
    )


def _lines_outside_ascii(block: bytes) -> bytes:
    return b"\n".join(line[:10_000] for line in block.splitlines() if not line.isascii())


def _choose_encoding(sample: bytes) -> TextEncoding:
    """Return the encoding of lines that are not all valid UTF-8."""
    decoded = sample.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in decoded)
    valid = sum(character > "\x7f" for character in decoded) - broken
    if valid > broken:
        return TextEncoding("utf-8")
    if len(sample.translate(None, CONTROL_BYTES)) < len(sample):
        raise InvalidInput(
            "the file is neither UTF-8 nor another text encoding: it has control characters",
            "import rows as JSONL, JSON, CSV or Parquet, with the encoding UTF-8",
        )
    return TextEncoding(_guess_older_encoding(sample), assumed=True)


def _guess_older_encoding(sample: bytes) -> str:
    high = sum(byte > 127 for byte in sample)
    letters = high + sum(chr(byte).isalpha() for byte in sample if byte < 128)
    western = _decodes(sample, "cp1252")
    if high > MAX_WESTERN_SHARE * letters and (high >= MIN_STATISTICS_BYTES or not western):
        found = _most_likely(sample, OTHER_ENCODINGS)
        return found or ("cp1252" if western else _first_possible(sample, OTHER_ENCODINGS))
    if not western:
        return _most_likely(sample, LATIN_ENCODINGS) or _first_possible(sample, LATIN_ENCODINGS)
    text = sample.decode("cp1252")
    if TURKISH_AS_CP1252.search(text) and not ICELANDIC_AS_CP1252.search(text):
        return "cp1254"
    if CENTRAL_EUROPEAN_AS_CP1252.search(text):
        return "iso8859_2" if POLISH_ISO.search(text) and not C1_BYTES.search(sample) else "cp1250"
    return "cp1252"


def _most_likely(sample: bytes, encodings: list[str]) -> str | None:
    import charset_normalizer  # imported here because few files need it

    possible = [name for name in encodings if _decodes(sample, name)]
    best = charset_normalizer.from_bytes(sample, cp_isolation=possible).best() if possible else None
    return best.encoding if best is not None and best.encoding in possible else None


def _first_possible(sample: bytes, encodings: list[str]) -> str:
    for name in encodings:
        if _decodes(sample, name):
            return name
    raise InvalidInput("the encoding of the file cannot be determined", "save it with the encoding UTF-8")


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
