"""Loader for PDF documents."""

from collections import Counter
from io import BytesIO

from pdfminer.high_level import extract_pages
from pdfminer.layout import LTChar, LTTextContainer, LTTextLine
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException

from vong.errors import InvalidInput
from vong.knowledge.loaders import ParsedDocument, SectionBuilder

MIN_HEADING_SIZE_RATIO = 1.12
"""Minimum ratio of a heading's font size to that of the body text."""


def load_pdf(content: bytes, path: str) -> ParsedDocument:
    """Parse the text of a PDF in reading order. Lines in a larger font count as headings, because a PDF has none.

    Raises: InvalidInput if the file needs a password or is not a readable PDF.
    """
    try:
        lines = _read_lines(content)
    except PDFPasswordIncorrect as error:
        raise InvalidInput(f"{path!r} is protected by a password", "save it without a password") from error
    except (PDFException, PSException, ValueError, TypeError, KeyError) as error:
        raise InvalidInput(
            f"{path!r} is not a readable PDF: {error}", "open the file and save it again as PDF"
        ) from error
    sizes: Counter[float] = Counter()
    for text, size in lines:
        sizes[size] += len(text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    levels = {
        size: level
        for level, size in enumerate(sorted((s for s in sizes if s > body * MIN_HEADING_SIZE_RATIO), reverse=True), 1)
    }
    builder = SectionBuilder()
    paragraph: list[str] = []
    for text, size in [*lines, ("", body)]:
        if text and size not in levels:
            paragraph.append(text)
            continue
        builder.add_text(" ".join(paragraph))
        paragraph = []
        if text:
            builder.start_section(min(levels[size], 6), text)
    return builder.build(path)


def _read_lines(content: bytes) -> list[tuple[str, float]]:
    """Return (text, font size in points) of every line, with an empty line between blocks."""
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
