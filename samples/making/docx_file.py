"""A handbook page as a Word document (ECMA-376): a zip of five small XML parts with fixed times."""

from __future__ import annotations

import io
import zipfile
from html import escape

from making.blocks import Block, spans

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_STYLES = {"title": "Heading1", "heading": "Heading2", "bullets": "ListBullet", "numbers": "ListNumber"}
_RUN = {"bold": "<w:rPr><w:b/></w:rPr>", "italic": "<w:rPr><w:i/></w:rPr>"}

_TYPES = f"""{_XML}<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/>
<Override PartName="/word/numbering.xml" ContentType="{_MAIN}.numbering+xml"/>
</Types>"""

_ROOT = f"""{_XML}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>
</Relationships>"""

_PARTS = f"""{_XML}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>
<Relationship Id="rId2" Type="{_OFFICE}/numbering" Target="numbering.xml"/>
</Relationships>"""

_NAMES = {"Heading1": "heading 1", "Heading2": "heading 2", "ListBullet": "List Bullet", "ListNumber": "List Number"}


def render(blocks: list[Block]) -> bytes:
    """The document's bytes. Every numbered list counts from 1 through a numbering of its own."""
    numbered = 2
    body: list[str] = []
    for block in blocks:
        if block.kind == "numbers":
            numbered += 1
        body.append(_block(block, 2 if block.kind == "bullets" else numbered))
    document = f'{_XML}<w:document xmlns:w="{_W}"><w:body>{"".join(body)}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _ROOT,
        "word/document.xml": document,
        "word/_rels/document.xml.rels": _PARTS,
        "word/styles.xml": _styles(),
        "word/numbering.xml": _numbering(numbered),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
            entry.create_system = 3
            archive.writestr(entry, content.encode())
    return stream.getvalue()


def _block(block: Block, numbering: int) -> str:
    style = _STYLES.get(block.kind, "")
    if block.kind == "table":
        rows = "".join("<w:tr>" + "".join(_cell(cell) for cell in row) + "</w:tr>" for row in block.rows)
        return f"<w:tbl><w:tblPr/>{rows}</w:tbl>"
    if block.items:
        return "".join(_paragraph(item, style, numbering) for item in block.items)
    return _paragraph(block.text, style)


def _cell(text: str) -> str:
    return f"<w:tc>{_paragraph(text, '')}</w:tc>"


def _paragraph(text: str, style: str, numbering: int = 0) -> str:
    settings = f'<w:pStyle w:val="{style}"/>' if style else ""
    if numbering:
        settings += f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{numbering}"/></w:numPr>'
    runs = "".join(
        f'<w:r>{_RUN.get(kind, "")}<w:t xml:space="preserve">{escape(words)}</w:t></w:r>' for kind, words in spans(text)
    )
    return f"<w:p><w:pPr>{settings}</w:pPr>{runs}</w:p>"


def _styles() -> str:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in _NAMES.items()
    )
    return f'{_XML}<w:styles xmlns:w="{_W}">{styles}</w:styles>'


def _numbering(last: int) -> str:
    levels = {1: ("bullet", "•"), 2: ("decimal", "%1.")}
    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{key}"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
        f'<w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl></w:abstractNum>'
        for key, (kind, text) in levels.items()
    )
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    lists = "".join(
        f'<w:num w:numId="{key}"><w:abstractNumId w:val="{1 if key == 2 else 2}"/>{"" if key == 2 else restart}</w:num>'
        for key in range(2, last + 1)
    )
    return f'{_XML}<w:numbering xmlns:w="{_W}">{kinds}{lists}</w:numbering>'
