"""Text of a document: sections with their headings, pages and kinds, in reading order."""

from typing import Literal, NamedTuple

import msgspec

SectionKind = Literal["text", "table", "code", "list", "navigation"]
HEADING_SEPARATOR = " > "


class Section(NamedTuple):
    """Text of one kind under one heading on one page.

    `heading` is the path of the headings above, joined by ` > `, and `level` the number of the last one (1 is the
    highest, 0 is none). A heading without any text below becomes a section whose text is the heading. Sections of the
    kind `navigation` are part of the text and are not indexed, unless the document has nothing else.
    """

    heading: str
    text: str
    level: int = 0
    page: int | None = None
    kind: SectionKind = "text"


class ParsedDocument(NamedTuple):
    """Text of a file: its title, sections, language (ISO 639-1, empty if unknown) and number of pages.

    `notes` state what was guessed or left out, as the encoding of a text file or pages without text.
    """

    title: str
    sections: tuple[Section, ...]
    language: str = ""
    pages: int | None = None
    media_type: str = ""
    notes: tuple[str, ...] = ()


def encode_parsed(document: ParsedDocument) -> bytes:
    """Return a parsed document as JSON."""
    fields = document._asdict() | {"sections": [section._asdict() for section in document.sections]}
    return msgspec.json.encode(fields)


def decode_parsed(content: bytes) -> ParsedDocument:
    """Return a parsed document from its JSON."""
    fields = msgspec.json.decode(content)
    sections = tuple(Section(**section) for section in fields.pop("sections"))
    return ParsedDocument(**fields | {"sections": sections, "notes": tuple(fields["notes"])})


def join_text(document: ParsedDocument) -> str:
    """Return the text of a document with each heading once, for display and pre-training."""
    parts: list[str] = []
    above: list[str] = []
    for section in document.sections:
        path = section.heading.split(HEADING_SEPARATOR) if section.heading else []
        shared = 0
        while shared < min(len(path), len(above)) and path[shared] == above[shared]:
            shared += 1
        new = path[shared:]
        if new and new[-1] == section.text:
            new = new[:-1]
        parts += [*new, section.text]
        above = path
    return "\n\n".join(parts)
