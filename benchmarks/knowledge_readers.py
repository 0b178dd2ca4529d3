"""Independent readers of documents: programs (pdftotext, lynx, catdoc, antiword) and the XML inside of Office files."""

import email
import email.policy
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

WORD = re.compile(r"\w+")
OFFICE_PARTS = {
    ".docx": r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml",
    ".pptx": r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml",
    ".xlsx": r"xl/(sharedStrings|worksheets/sheet\d+)\.xml",
    ".odt": r"content\.xml",
}
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
MARKUP = re.compile(r"^\s*(?:```|~~~).*$|^\s*\.\. \w+::.*$|^\s*#\+\w+.*$|<[^>\n]+>", re.MULTILINE)
"""Markup that is no text: fences, directives and tags."""


def read_words(file: Path) -> list[str] | None:
    """Return the words that an independent reader finds in a file, in order. None if there is no reader."""
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        return None
    try:
        return list_words(reader(file))
    except (OSError, ValueError, KeyError, LookupError, zipfile.BadZipFile, ElementTree.ParseError):
        return None


def list_words(text: str) -> list[str]:
    """Return the words of a text in a form that can be compared."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " "))


def share_found(expected: list[str], text: str) -> float:
    """Return the share of words that a text contains.

    A word that is divided otherwise, by a hyphen or by blanks, counts if the text has it together with its neighbours.
    """
    counts: dict[str, int] = {}
    for word in list_words(text):
        counts[word] = counts.get(word, 0) + 1
    joined = "".join(list_words(text))
    found = 0
    for place, word in enumerate(expected):
        if counts.get(word, 0) > 0:
            counts[word] -= 1
            found += 1
        elif "".join(expected[max(0, place - 1) : place + 2]) in joined:
            found += 1
    return found / len(expected) if expected else 1.0


def decode(content: bytes) -> str:
    """Return text in Unicode or, if it is not, in the most likely encoding."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    if len(content) > 1 and content[:200:2].count(0) > len(content[:200]) / 4:
        return content.decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        return str(from_bytes(content).best() or content.decode("cp1252", "replace"))


def _run(*command: str, content: bytes | None = None) -> str:
    if shutil.which(command[0]) is None:
        raise OSError(f"{command[0]} is not installed")
    return subprocess.run(command, input=content, capture_output=True, timeout=120).stdout.decode("utf-8", "replace")


def _html(content: bytes) -> str:
    # lynx prints the names of the files of images, and the addresses in attributes.
    text = re.sub(r"<img\b(?![^>]*\balt=)[^>]*>|<input\b[^>]*hidden[^>]*>", " ", decode(content), flags=re.IGNORECASE)
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    text = re.sub(r"<meta[^>]*charset[^>]*>", "", text, flags=re.IGNORECASE)
    options = ("-dump", "-nolist", "-assume_charset=utf-8", "-display_charset=utf-8", "-force_html", "-stdin")
    shown = _run("lynx", *options, content=text.encode("utf-8", "replace"))
    return re.sub(r"\((?:BUTTON|INPUT|SUBMIT)\)|\[[\w.%-]+\.(?:gif|png|jpe?g|svg)\]", " ", shown)


def _office(file: Path) -> str:
    pattern = re.compile(OFFICE_PARTS[file.suffix.lower()])
    texts: list[str] = []
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if pattern.fullmatch(name):
                texts += _element_texts(ElementTree.fromstring(archive.read(name)))
    return "".join(texts)


def _element_texts(element: ElementTree.Element) -> Iterable[str]:
    tag = element.tag.rpartition("}")[2]
    if element.tag == FALLBACK:
        return
    if tag in {"p", "h", "si", "is", "row", "tr", "br", "tab", "tc", "s"}:
        yield " "
    if tag in {"t", "text"} or element.tag.startswith("{urn:oasis"):
        yield element.text or ""
    for child in element:
        yield from _element_texts(child)
        if element.tag.startswith("{urn:oasis"):
            yield child.tail or ""


def _epub(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return "\n".join(
            _html(archive.read(name)) for name in archive.namelist() if name.endswith((".xhtml", ".html", ".htm"))
        )


def _mail(file: Path) -> str:
    content = file.read_bytes()
    if content[1:200:2].count(0) > len(content[:200]) / 4:
        content = content.decode("utf-16-le").encode()
    message: Any = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    if body is None:
        return str(message["subject"] or "")
    shown = body.get_content()
    text = _html(shown.encode("utf-8", "replace")) if body.get_content_type() == "text/html" else shown
    return f"{message['subject'] or ''} {text}"


def _json_values(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _json_values(item)
    elif isinstance(value, list):
        for item in value:
            yield from _json_values(item)
    else:
        yield "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _json(file: Path) -> str:
    text = decode(file.read_bytes())
    try:
        values = [json.loads(text, parse_float=str)]
    except ValueError:
        values = [json.loads(line, parse_float=str) for line in text.splitlines() if line.strip()]
    return " ".join(_json_values(values))


def _notebook(file: Path) -> str:
    cells = json.loads(decode(file.read_bytes()))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _xml(file: Path) -> str:
    text = re.sub(r"<\?xml.*?\?>", "", decode(file.read_bytes()))
    return " ".join(ElementTree.fromstring(text).itertext())


def _text(file: Path) -> str:
    return decode(file.read_bytes())


def _markup(file: Path) -> str:
    return MARKUP.sub(" ", _text(file))


READERS: dict[str, Callable[[Path], str]] = {
    ".pdf": lambda file: _run("pdftotext", "-q", str(file), "-"),
    ".html": lambda file: _html(file.read_bytes()),
    ".htm": lambda file: _html(file.read_bytes()),
    **dict.fromkeys(OFFICE_PARTS, _office),
    ".epub": _epub,
    ".eml": _mail,
    ".doc": lambda file: _run("antiword", str(file)),
    ".xls": lambda file: _run("xls2csv", str(file)),
    ".json": _json,
    ".ndjson": _json,
    ".ipynb": _notebook,
    ".xml": _xml,
    **dict.fromkeys((".txt", ".csv", ".tsv"), _text),
    **dict.fromkeys((".md", ".rst", ".org"), _markup),
}
"""Reader of each suffix."""
