"""Loader for PDF documents."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vong.errors import InvalidInput
from vong.knowledge.loading import pdf_fonts
from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.extraction import extract, list_nodes, ocr_languages
from vong.knowledge.loading.sections import SectionBuilder

if TYPE_CHECKING:
    from kreuzberg import ExtractionResult

MEDIA_TYPE = "application/pdf"
MAX_HEADING_WORDS = 16
LONG_LINE_SHARE = 0.7
"""Length of a line, as share of the longest usual line of the page, from which the paragraph goes on in the next."""
LINE_HYPHEN = re.compile("[\x02\xad\ufffe]\\s*")
"""Hyphens at the ends of lines, as the library marks them: they are no part of the word."""
SENTENCE_END = re.compile(r"[.:;!?。！？…]['\")\]”’]?$")
MAX_PAGES_IN_NOTE = 10
MAX_TITLE_CHARS = 200


def load_pdf(content: bytes, path: str) -> ParsedDocument:
    """Load the text of a PDF, page by page. Its headings are found by the size of letters.

    Raises: InvalidInput if the file needs a password, is damaged, or holds no text.
    """
    unmapped = pdf_fonts.find_unmapped_pages(content)
    ocr = bool(ocr_languages())
    result = extract(content, MEDIA_TYPE, path, ocr=ocr)
    pages = {page["page_number"]: page["content"] for page in result.pages or []}
    pages |= pdf_fonts.read_mapped_text(content, unmapped, path)
    headings = _find_headings(result)
    builder = SectionBuilder()
    for number in sorted(pages):
        builder.start_page(number)
        _add_page(builder, pages[number], headings.get(number, {}))
    document = builder.build(path)
    title = str((result.metadata or {}).get("title") or "").strip()
    if not builder.title and 0 < len(title) <= MAX_TITLE_CHARS and " " in title:
        document = document._replace(title=title)
    if not document.sections:
        raise InvalidInput(
            f"{path!r} contains no text: {_describe_images(len(pages))}",
            "install tesseract-ocr, which recognizes text in images, and retry; or add the text as a file",
        )
    empty = [number for number in sorted(pages) if not pages[number].strip()]
    notes = [f"{len(empty)} of {len(pages)} pages hold no text: {_name_pages(empty)}"] if empty else []
    return document._replace(pages=len(pages), notes=(*document.notes, *notes))


def _add_page(builder: SectionBuilder, text: str, headings: dict[str, int]) -> None:
    lines = [" ".join(line.split()) for line in LINE_HYPHEN.sub("", text.replace("\r", "")).split("\n")]
    paragraph: list[str] = []
    long_line = _long_line(lines)
    last = ""
    for line in lines:
        if line in headings:
            builder.add_text("\n".join(paragraph))
            paragraph = []
            builder.start_section(headings[line], line)
        elif not line:
            builder.add_text("\n".join(paragraph))
            paragraph = []
        elif paragraph and _continues(last, line, long_line):
            paragraph[-1] = f"{paragraph[-1]} {line}"
        else:
            paragraph.append(line)
        last = line
    builder.add_text("\n".join(paragraph))


def _long_line(lines: Sequence[str]) -> float:
    lengths = sorted(len(line) for line in lines if line)
    return lengths[len(lengths) * 9 // 10] * LONG_LINE_SHARE if lengths else 0.0


def _continues(before: str, line: str, long_line: float) -> bool:
    """Check that a paragraph goes on in the next line. Rows of tables and items of lists are lines of their own."""
    if SENTENCE_END.search(before) or not line[0].islower():
        return False
    return len(before) >= long_line


def _find_headings(result: "ExtractionResult") -> dict[int, dict[str, int]]:
    """Return the headings of each page with their levels.

    The library guesses them by the size of letters. Headings that are parts of sentences are left out.
    """
    headings: dict[int, dict[str, int]] = {}
    nodes = list(_text_nodes(result))
    repeated = Counter(" ".join(text.split()) for kind, _, _, text in nodes if kind == "heading")
    for position, (kind, level, page, text) in enumerate(nodes):
        heading = " ".join(LINE_HYPHEN.sub("", text).split())
        following = nodes[position + 1][3] if position + 1 < len(nodes) else ""
        if kind == "heading" and "\n" not in text.strip() and _is_heading(heading, following) and repeated[heading] < 3:
            headings.setdefault(page, {})[heading] = min(level, 6)
    return headings


def _is_heading(text: str, following: str) -> bool:
    if not text or len(text.split()) > MAX_HEADING_WORDS or text[0].islower() or text.endswith((",", ";", "-", ".")):
        return False
    if text.count("(") != text.count(")"):
        return False
    return not following[:1].islower() and any(sign.isalpha() for sign in text)


def _text_nodes(result: "ExtractionResult") -> Iterator[tuple[str, int, int, str]]:
    """Yield kind, level, page and text of the nodes of a document."""
    for node in list_nodes(result):
        content = node["content"]
        if content["node_type"] in {"heading", "paragraph", "list_item", "code"}:
            yield content["node_type"], content.get("level") or 1, node.get("page") or 0, content.get("text") or ""


def _describe_images(pages: int) -> str:
    return "its page is an image" if pages == 1 else f"its {pages} pages are images"


def _name_pages(pages: Sequence[int]) -> str:
    shown = ", ".join(str(page) for page in pages[:MAX_PAGES_IN_NOTE])
    return shown + (", …" if len(pages) > MAX_PAGES_IN_NOTE else "")
