"""Handbook page as a PDF, written with fpdf2 in Helvetica."""

from __future__ import annotations

from datetime import UTC, datetime

from fpdf import FPDF

from generator.blocks import Block, plain

MARGIN = 64
BODY_SIZE = 11
LINE_SPACING = 1.35
_HEADING_SIZES = {"title": 19, "heading": 13}


def render(blocks: list[Block]) -> bytes:
    """Return the document as bytes, identical on every run.

    Raises: FPDFUnicodeEncodingException for a character outside Windows-1252.
    """
    pdf = FPDF(unit="pt", format="A4")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_compression(False)  # compressed bytes depend on the zlib version
    pdf.set_creation_date(datetime(2026, 3, 1, tzinfo=UTC))
    pdf.set_producer("fpdf2")  # the default names its version
    pdf.set_title(next(block.text for block in blocks if block.kind == "title"))
    pdf.set_margins(MARGIN, MARGIN)
    pdf.set_auto_page_break(True, margin=MARGIN)
    pdf.add_page()
    for block in blocks:
        _add_block(pdf, block)
    return bytes(pdf.output())


def _add_block(pdf: FPDF, block: Block) -> None:
    if block.kind in _HEADING_SIZES:
        _add_text(pdf, block.text, size=_HEADING_SIZES[block.kind], gap=12, style="B")
    elif block.kind == "table":
        head, *rows = block.rows
        for row in rows:
            _add_item(pdf, "-", f"{plain(row[0])}: " + _row_text(head[1:], row[1:]))
    elif block.items:
        for number, item in enumerate(block.items, start=1):
            _add_item(pdf, "-" if block.kind == "bullets" else f"{number}.", plain(item))
    else:
        _add_text(pdf, plain(block.text), gap=7)


def _row_text(heads: list[str], cells: list[str]) -> str:
    """Return a table row as text: each cell after the name of its column, a single cell without it."""
    if len(heads) == 1:
        return plain(cells[0])
    return "; ".join(f"{plain(head).lower()} {plain(cell)}" for head, cell in zip(heads, cells, strict=True))


def _add_item(pdf: FPDF, mark: str, text: str) -> None:
    pdf.set_left_margin(MARGIN + 8)
    _add_text(pdf, f"{mark} {text}", gap=3)
    pdf.set_left_margin(MARGIN)


def _add_text(pdf: FPDF, text: str, *, size: int = BODY_SIZE, gap: int, style: str = "") -> None:
    pdf.ln(gap)
    pdf.set_font("Helvetica", style=style, size=size)
    pdf.multi_cell(0, size * LINE_SPACING, text, align="L", new_x="LMARGIN", new_y="NEXT")
