"""Text of documents for display, with the offsets that citations use."""

from uuid import UUID

from sqlalchemy import Connection

from vong.app.platform import Platform
from vong.errors import Conflict
from vong.knowledge.documents import get_document
from vong.knowledge.index.contents import find_text_blob
from vong.knowledge.loading import ParsedDocument, decode_parsed
from vong.knowledge.loading.document import SectionKind
from vong.records import Document, Record

SECTION_SEPARATOR = "\n\n"


class TextSection(Record):
    """Section of a document: `text` is the part from `start` to `end` of the whole text.

    `heading` is the path of headings, `level` the level of the last one, 0 for none. `page` is null if the document has
    no pages.
    """

    heading: str
    level: int = 0
    kind: SectionKind = "text"
    page: int | None = None
    text: str
    start: int
    end: int


class DisplayedDocument(Record):
    """Text of a document. Offsets count Unicode code points; sections are separated by a blank line."""

    id: UUID
    base: str
    path: str
    title: str
    language: str = ""
    media_type: str
    characters: int
    pages: int | None = None
    sections: tuple[TextSection, ...]


def read_document(platform: Platform, connection: Connection, document_id: UUID) -> DisplayedDocument:
    """Return the text of a document.

    Raises: NotFound if there is no such document; Conflict if it has no text, because it is not loaded.
    """
    document, parsed = read_parsed(platform, connection, document_id)
    sections = _place_sections(parsed)
    return DisplayedDocument(
        id=document.id,
        base=document.base,
        path=document.path,
        title=document.title,
        language=document.language,
        media_type=document.media_type,
        characters=sections[-1].end if sections else 0,
        pages=document.pages,
        sections=sections,
    )


def read_parsed(platform: Platform, connection: Connection, document_id: UUID) -> tuple[Document, ParsedDocument]:
    """Return a document and its loaded content.

    Raises: NotFound if there is no such document; Conflict if it has no text, because it is not loaded.
    """
    document = get_document(connection, document_id)
    if document.text_blob is None:
        state = document.reason or f"its state is {document.state!r}"
        raise Conflict(f"document {document.path!r} has no text: {state}", "add it again, or wait until it is ready")
    content = platform.blobs.get(find_text_blob(connection, document_id) or document.text_blob)
    return document, decode_parsed(content)


def _place_sections(parsed: ParsedDocument) -> tuple[TextSection, ...]:
    """Return the sections with their offsets, as chunks count them."""
    placed: list[TextSection] = []
    start = 0
    for section in parsed.sections:
        end = start + len(section.text)
        placed.append(
            TextSection(
                heading=section.heading,
                level=section.level,
                kind=section.kind,
                page=section.page,
                text=section.text,
                start=start,
                end=end,
            )
        )
        start = end + len(SECTION_SEPARATOR)
    return tuple(placed)
