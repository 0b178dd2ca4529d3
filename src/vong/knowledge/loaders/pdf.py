"""PDF documents."""

from collections import Counter
from io import BytesIO

from pdfminer.high_level import extract_pages
from pdfminer.layout import LTChar, LTTextContainer, LTTextLine
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException

from vong.errors import InvalidInput
from vong.knowledge.loaders import ParsedDocument, SectionBuilder

LARGER = 1.12
"""A line whose letters are this much larger than the body's is a heading."""


def load_pdf(content: bytes, path: str) -> ParsedDocument:
    """The text of a PDF, in reading order. A PDF has no headings, only larger letters: those are taken for them."""
    try:
        lines = _lines(content)
    except PDFPasswordIncorrect as error:
        raise InvalidInput(f"{path!r} is locked by a password", "save it without one") from error
    except (PDFException, PSException, ValueError, TypeError, KeyError) as error:
        raise InvalidInput(f"{path!r} is not a readable PDF: {error}", "open and save it again as PDF") from error
    sizes: Counter[float] = Counter()
    for text, size in lines:
        sizes[size] += len(text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    levels = {
        size: level for level, size in enumerate(sorted((s for s in sizes if s > body * LARGER), reverse=True), 1)
    }
    outline = SectionBuilder()
    paragraph: list[str] = []
    for text, size in [*lines, ("", body)]:
        if text and size not in levels:
            paragraph.append(text)
            continue
        outline.add(" ".join(paragraph))
        paragraph = []
        if text:
            outline.heading(min(levels[size], 6), text)
    return outline.finish(path)


def _lines(content: bytes) -> list[tuple[str, float]]:
    """(text, letter size in points) of every line; an empty line between blocks."""
    lines: list[tuple[str, float]] = []
    for page in extract_pages(BytesIO(content)):
        for block in page:
            if not isinstance(block, LTTextContainer):
                continue
            for line in block:
                if isinstance(line, LTTextLine) and (text := " ".join(line.get_text().split())):
                    size = max((letter.size for letter in line if isinstance(letter, LTChar)), default=0.0)
                    lines.append((text, round(size, 1)))
            lines.append(("", 0.0))
    return lines
