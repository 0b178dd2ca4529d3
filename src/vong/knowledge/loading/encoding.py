"""Decoding and cleaning of text."""

import codecs
import re
import unicodedata
from pathlib import PurePath

from vong.errors import InvalidInput

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 1 << 20
"""Bytes from which an encoding other than Unicode is detected."""
MIN_UTF16_NULS = 0.3
"""Share of NUL bytes at every second position from which text without a byte order mark is read as UTF-16."""
MAX_CONTROLS = 0.1
"""Share of control characters above which bytes are not text."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
INVISIBLE = re.compile("[\xad\u200b\u2060\ufeff]")
PRESENTATION_FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]+")
"""Ligatures and positional forms of Latin, Armenian, Hebrew and Arabic letters."""
MAX_WESTERN_LETTERS = 0.3
"""Share of letters outside of ASCII up to which a text may be in a Western European language."""
SIGN_IN_WORD = re.compile("[A-Za-z][\x80-\xb3\xb5-\xb6\xb8-\xbf\xd7\xf7\ufffd][A-Za-z]")
LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")


def decode_text(content: bytes, path: str, declared: str | None = None) -> tuple[str, str]:
    """Return the text of a file and a note if its encoding was guessed, else an empty note.

    Byte order marks come first, then UTF-8, the declared encoding, and a guess.

    Raises: InvalidInput if the bytes are not text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff"), ""
    if encoding := _utf16_without_mark(content):
        return content.decode(encoding, "replace"), f"read as {encoding.upper()}, which was guessed"
    try:
        return _checked(content.decode("utf-8"), path), ""
    except UnicodeDecodeError:
        pass
    if declared and (text := _try_decode(content, declared)) is not None:
        return _checked(text, path), ""
    return _decode_guessed(content, path)


def decode_utf8(content: bytes, path: str) -> str:
    """Return the text of a file, in UTF-8 or any encoding that can be detected.

    Raises: InvalidInput if the bytes are not text.
    """
    return decode_text(content, path)[0]


def is_text(content: bytes) -> bool:
    """Check that bytes are text in any encoding."""
    try:
        decode_text(content, "")
    except InvalidInput:
        return False
    return True


def clean_text(text: str) -> str:
    """Return text as it is stored: composed letters, plain line ends, no ligatures and no control characters."""
    text = LINE_ENDS.sub("\n", text)
    text = PRESENTATION_FORMS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = INVISIBLE.sub("", CONTROLS.sub(" ", text)).replace("\xa0", " ")
    return unicodedata.normalize("NFC", text)


def title_from_path(path: str) -> str:
    """Return a title derived from a file name."""
    title = PurePath(path).stem.replace("_", " ").replace("-", " ").strip()
    return title[:1].upper() + title[1:]


def _utf16_without_mark(content: bytes) -> str:
    sample = content[:4096]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd >= MIN_UTF16_NULS and even < odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even >= MIN_UTF16_NULS and odd < even / 10 else ""


def _try_decode(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None


def _decode_guessed(content: bytes, path: str) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    encoding = "cp1252"
    if not _is_western(content[:SAMPLE_BYTES]) and (guess := from_bytes(content[:SAMPLE_BYTES]).best()) is not None:
        encoding = guess.encoding
    text = _checked(content.decode(encoding, "replace"), path)
    if text.count("\ufffd") > len(text) * MAX_CONTROLS:
        raise _not_text(path)
    return text, f"read as {encoding.replace('_', '-')}, which was guessed; save it as UTF-8 if letters are wrong"


def _is_western(content: bytes) -> bool:
    """Check that bytes are probably Windows-1252: mostly ASCII, and the others are letters where letters are.

    Short texts have too few letters for a guess by their frequency.
    """
    text = content.decode("cp1252", "replace")
    others = sum(sign > "\x7f" for sign in text)
    return others <= len(text) * MAX_WESTERN_LETTERS and SIGN_IN_WORD.search(text) is None


def _checked(text: str, path: str) -> str:
    """Return the text if it has few control characters."""
    if len(CONTROLS.findall(text[:SAMPLE_BYTES])) > max(1, len(text[:SAMPLE_BYTES]) * MAX_CONTROLS):
        raise _not_text(path)
    return text


def _not_text(path: str) -> InvalidInput:
    return InvalidInput(
        f"{path!r} is not text: most of its bytes are no letters", "name it with the suffix of its format"
    )
