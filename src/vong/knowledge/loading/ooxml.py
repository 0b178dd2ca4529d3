"""Paragraphs of Word and PowerPoint files, read from their XML. They show what a loader left out."""

import re
import zlib
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
REPLACED_SIGNS = ((b"<w:tab/>", b'<w:t xml:space="preserve"> </w:t>'), (b"<w:noBreakHyphen/>", b"<w:t>-</w:t>"))
"""Signs of Word that the library drops, so that the words around them would become one, and their replacements."""
PARTS = {
    WORD_TYPE: re.compile(r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": re.compile(
        r"ppt/(slides/slide\d+|notesSlides/notesSlide\d+|diagrams/data\d+|comments/\w+)\.xml"
    ),
}
MAX_PART_BYTES = 100_000_000
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_paragraphs(content: bytes, media_type: str) -> list[str]:
    """Return the paragraphs of all parts of a file. Empty for another format."""
    pattern = PARTS.get(media_type)
    if pattern is None:
        return []
    try:
        archive = ZipFile(BytesIO(content))
        parts = [info for info in archive.infolist() if pattern.fullmatch(info.filename)]
        return [
            paragraph
            for info in parts
            if info.file_size <= MAX_PART_BYTES
            for paragraph in _part_paragraphs(ElementTree.fromstring(archive.read(info)))
        ]
    except (BadZipFile, ElementTree.ParseError, OSError, RuntimeError, EOFError, zlib.error):
        return []


def replace_signs(content: bytes, media_type: str) -> bytes:
    """Return a Word file whose tabs and hyphens that do not break are text. Other and damaged files are unchanged."""
    if media_type != WORD_TYPE:
        return content
    try:
        archive = ZipFile(BytesIO(content))
        changed: dict[str, bytes] = {}
        for info in archive.infolist():
            if PARTS[WORD_TYPE].fullmatch(info.filename) and info.file_size <= MAX_PART_BYTES:
                part = original = archive.read(info)
                for sign, replacement in REPLACED_SIGNS:
                    part = part.replace(sign, replacement)
                if part != original:
                    changed[info.filename] = part
        if not changed:
            return content
        buffer = BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=1) as target:
            for info in archive.infolist():
                target.writestr(info.filename, changed.get(info.filename) or archive.read(info))
    except (BadZipFile, OSError, RuntimeError, EOFError, ValueError, zlib.error):
        return content
    return buffer.getvalue()


def find_damage(content: bytes, media_type: str) -> str:
    """Return which part of a file is damaged, and how. Empty if none is."""
    pattern = PARTS.get(media_type)
    if pattern is None:
        return ""
    try:
        archive = ZipFile(BytesIO(content))
        for info in archive.infolist():
            if pattern.fullmatch(info.filename) and info.file_size <= MAX_PART_BYTES:
                try:
                    ElementTree.fromstring(archive.read(info))
                except ElementTree.ParseError as error:
                    return f"{info.filename}: {error}"
    except (BadZipFile, OSError, RuntimeError, EOFError, zlib.error) as error:
        return str(error)
    return ""


def _part_paragraphs(root: ElementTree.Element) -> list[str]:
    """Return the texts of paragraphs. A paragraph within another one, in a shape, is one of its own."""
    paragraphs: list[str] = []
    stack: list[tuple[ElementTree.Element, list[str]]] = [(root, [])]
    order: list[list[str]] = []
    while stack:
        element, texts = stack.pop()
        if element.tag == FALLBACK:
            continue
        name = element.tag.rpartition("}")[2]
        if name == "p":
            texts = []
            order.append(texts)
        elif name in {"tab", "br", "cr"}:
            texts.append(" ")
        elif name == "noBreakHyphen":
            texts.append("-")
        elif name == "t" and element.text:
            texts.append(element.text)
        # The stack is last in, first out: children are pushed from the last to the first.
        stack += [(child, texts) for child in reversed(element)]
    for texts in order:
        paragraph = "".join(texts).strip()
        if paragraph:
            paragraphs.append(paragraph)
    return paragraphs
