"""Handbook page as a Word document, written with python-docx."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import docx

from generator.blocks import Block, spans

DATE = datetime(2026, 3, 1)
_STYLES = {"title": "Heading 1", "heading": "Heading 2", "bullets": "List Bullet", "numbers": "List Number"}
_KEPT_STYLES = {"Normal", "Default Paragraph Font", "Normal Table", "No List", "Table Grid", *_STYLES.values()}


def render(blocks: list[Block]) -> bytes:
    """Return the document as bytes, identical on every run."""
    document = docx.Document()
    _shrink_template(document)
    properties = document.core_properties
    properties.created = properties.modified = DATE
    properties.author, properties.comments = "Tarnwick", ""
    properties.title = next(block.text for block in blocks if block.kind == "title")
    for block in blocks:
        _add_block(document, block)
    stream = io.BytesIO()
    document.save(stream)
    return _with_fixed_dates(stream)


def _shrink_template(document: Any) -> None:
    """Delete the unused styles of python-docx's template, which are 0.8 MB without compression."""
    for style in list(document.styles):
        if style.name not in _KEPT_STYLES:
            style.delete()
    relations = document.part.rels
    for key in [key for key, relation in relations.items() if relation.reltype.endswith("/stylesWithEffects")]:
        del relations[key]


def _add_block(document: Any, block: Block) -> None:
    if block.kind == "table":
        table = document.add_table(rows=len(block.rows), cols=len(block.rows[0]), style="Table Grid")
        for row, texts in zip(table.rows, block.rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                _add_runs(cell.paragraphs[0], text)
        return
    numbering = _new_numbering(document) if block.kind == "numbers" else None
    for text in block.items or [block.text]:
        paragraph = document.add_paragraph(style=_STYLES.get(block.kind))
        if numbering is not None:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = numbering
        _add_runs(paragraph, text)


def _new_numbering(document: Any) -> int:
    """Add a numbering that starts at 1 and return its id; python-docx has no public API for it."""
    style = document.styles["List Number"].element
    numbering = document.part.numbering_part.element
    shared = numbering.num_having_numId(style.pPr.numPr.numId.val)
    added = numbering.add_num(shared.abstractNumId.val)
    added.add_lvlOverride(ilvl=0).add_startOverride(1)
    return added.numId


def _add_runs(paragraph: Any, text: str) -> None:
    for style, words in spans(text):
        run = paragraph.add_run(words)
        run.bold = True if style == "bold" else None
        run.italic = True if style == "italic" else None


def _with_fixed_dates(stream: io.BytesIO) -> bytes:
    """Return the archive with fixed file dates and without compression, whose bytes depend on the zlib version."""
    packed = io.BytesIO()
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, DATE.timetuple()[:6])
            entry.create_system = 3
            target.writestr(entry, source.read(name))
    return packed.getvalue()
