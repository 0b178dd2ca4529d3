"""Fonts of a PDF that do not say what letters they show.

Such a font maps numbers to shapes only. A reader then shows other letters, or numbers, in their place, which would be
indexed as text.
"""

import struct
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from vong.errors import InvalidInput

if TYPE_CHECKING:
    from pdfminer.pdfpage import PDFPage

CID = "(cid:"
MAX_UNMAPPED_SHARE = 0.5
"""Share of letters without a meaning from which a document is refused."""
MAX_CHECKED_PAGES = 2_000


def find_unmapped_pages(content: bytes) -> set[int]:
    """Return the numbers of the pages that have a font without a mapping to letters."""
    if b"Identity-" not in content and b"/ObjStm" not in content:
        return set()
    found: set[int] = set()
    known: dict[int, bool] = {}
    try:
        for number, page in enumerate(_open_pages(content), 1):
            if number > MAX_CHECKED_PAGES:
                break
            if any(_is_unmapped(font, known) for font in _page_fonts(page)):
                found.add(number)
    except Exception:  # noqa: BLE001 - a damaged file; the loader reports it
        return found
    return found


def read_mapped_text(content: bytes, pages: set[int], path: str) -> dict[int, str]:
    """Return the text of pages without the letters that have no meaning.

    Raises: InvalidInput if most letters have none.
    """
    if not pages:
        return {}
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams

    texts: dict[int, str] = {}
    letters = unmapped = 0
    parameters = LAParams(all_texts=True)
    for number, layout in zip(
        sorted(pages),
        extract_pages(BytesIO(content), page_numbers=[page - 1 for page in sorted(pages)], laparams=parameters),
        strict=False,
    ):
        lines: list[str] = []
        counts = _read_layout(layout, lines)
        letters, unmapped = letters + counts[0], unmapped + counts[1]
        texts[number] = "\n".join(lines)
    if letters and unmapped / letters > MAX_UNMAPPED_SHARE:
        raise InvalidInput(
            f"{path!r} has fonts that do not say what letters they show ({unmapped} of {letters} letters)",
            "print it to a new PDF with another program, or run text recognition (OCR) on it",
        )
    return texts


def _open_pages(content: bytes) -> "Iterable[PDFPage]":
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    return PDFPage.create_pages(PDFDocument(PDFParser(BytesIO(content))))


def _page_fonts(page: "PDFPage") -> Iterable[Any]:
    from pdfminer.pdftypes import dict_value

    yield from dict_value(page.resources.get("Font", {})).values()


def _is_unmapped(reference: Any, known: dict[int, bool]) -> bool:
    from pdfminer.pdftypes import dict_value, list_value, resolve1

    key = getattr(reference, "objid", id(reference))
    if key not in known:
        known[key] = False
        font = dict_value(reference)
        if _name(font.get("Subtype")) == "Type0" and _name(font.get("Encoding")).startswith("Identity-"):
            descendant = dict_value(list_value(font["DescendantFonts"])[0])
            system = dict_value(descendant.get("CIDSystemInfo", {}))
            is_identity = resolve1(system.get("Ordering", b"Identity")) == b"Identity"
            known[key] = "ToUnicode" not in font and is_identity and not _has_character_map(descendant)
    return known[key]


def _has_character_map(descendant: dict[str, Any]) -> bool:
    """Check that an embedded TrueType font maps letters to its shapes."""
    from pdfminer.pdftypes import dict_value, stream_value

    descriptor = dict_value(descendant.get("FontDescriptor", {}))
    for key in ("FontFile2", "FontFile3"):
        if key in descriptor:
            data = stream_value(descriptor[key]).get_data()
            count = struct.unpack(">H", data[4:6])[0] if len(data) >= 12 else 0
            return any(data[12 + 16 * table : 16 + 16 * table] == b"cmap" for table in range(count))
    return False


def _read_layout(layout: Any, lines: list[str]) -> tuple[int, int]:
    """Append the lines of a page, and return its numbers of letters and of letters without a meaning."""
    from pdfminer.layout import LTChar, LTFigure, LTTextContainer, LTTextLine

    letters = unmapped = 0
    for block in layout:
        if isinstance(block, LTFigure):
            counts = _read_layout(block, lines)
            letters, unmapped = letters + counts[0], unmapped + counts[1]
        elif isinstance(block, LTTextContainer):
            for line in block:
                if isinstance(line, LTTextLine):
                    signs = [sign for sign in line if isinstance(sign, LTChar)]
                    letters += len(signs)
                    unmapped += sum(sign.get_text().startswith(CID) for sign in signs)
                    lines.append("".join("" if s.get_text().startswith(CID) else s.get_text() for s in line))
            lines.append("")
    return letters, unmapped


def _name(value: Any) -> str:
    return str(getattr(value, "name", value or ""))
