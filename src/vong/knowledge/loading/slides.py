"""Loader for presentations (PPTX): slides in their order with titles, tables, notes and comments."""

import posixpath
import re
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from vong.errors import InvalidInput
from vong.knowledge.loading.archive import check_archive
from vong.knowledge.loading.csv_table import format_row
from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.sections import SectionBuilder

PRESENTATION = "ppt/presentation.xml"
RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
TITLE_TYPES = {"title", "ctrTitle"}
NOTE_PLACEHOLDERS = {"sldNum", "dt", "hdr", "ftr", "sldImg"}
ATTACHED_PARTS = re.compile(r"/(notesSlide|comments|diagramData|chart)$")
"""Relationships of a slide whose texts belong to it."""


def load_slides(content: bytes, path: str) -> ParsedDocument:
    """Load a presentation. Each slide is a page, and its title a heading.

    Raises: InvalidInput if the file is no presentation or is protected.
    """
    check_archive(content, path)
    builder = SectionBuilder()
    try:
        archive = ZipFile(BytesIO(content))
        slides = _slide_parts(archive)
        for number, slide in enumerate(slides, 1):
            builder.start_page(number)
            _add_slide(builder, archive, slide)
    except (BadZipFile, KeyError, ElementTree.ParseError, RuntimeError, OSError) as error:
        raise InvalidInput(f"{path!r} is not a readable PPTX: {error}", "save it again as .pptx") from error
    return builder.build(path)


def _slide_parts(archive: ZipFile) -> list[str]:
    targets = {id: target for id, _, target in _relationships(archive, PRESENTATION)}
    ids = [
        element.get(f"{RELATIONSHIP}id") or ""
        for element in _parse(archive, PRESENTATION).iter()
        if _tag(element) == "sldId"
    ]
    return [targets[id] for id in ids if targets.get(id) in archive.namelist()]


def _relationships(archive: ZipFile, part: str) -> list[tuple[str, str, str]]:
    """Return id, type and target part of the relationships of a part."""
    folder, name = posixpath.split(part)
    file = f"{folder}/_rels/{name}.rels"
    if file not in archive.namelist():
        return []
    return [
        (
            element.get("Id") or "",
            element.get("Type") or "",
            posixpath.normpath(posixpath.join(folder, element.get("Target") or "")).lstrip("/"),
        )
        for element in _parse(archive, file)
        if element.get("TargetMode") != "External"
    ]


def _add_slide(builder: SectionBuilder, archive: ZipFile, part: str) -> None:
    links = _links(archive, part)
    shapes = list(_shapes(_parse(archive, part)))
    # The title may stand anywhere among the shapes.
    shapes.sort(key=lambda shape: not TITLE_TYPES & _placeholders(shape))
    for shape in shapes:
        if TITLE_TYPES & _placeholders(shape):
            builder.start_section(1 if not builder.title else 2, " ".join(_paragraphs(shape, links)))
        elif _tag(shape) == "tbl":
            rows = [row for row in shape if _tag(row) == "tr"]
            cells = [[" ".join(_paragraphs(cell, links)) for cell in row if _tag(cell) == "tc"] for row in rows]
            builder.add_text("\n".join(format_row(row) for row in cells), "table")
        else:
            builder.add_text("\n".join(_paragraphs(shape, links)))
    for _, kind, target in _relationships(archive, part):
        if ATTACHED_PARTS.search(kind) and target in archive.namelist():
            root = _parse(archive, target)
            shapes = [shape for shape in _shapes(root) if not NOTE_PLACEHOLDERS & _placeholders(shape)]
            texts = [text for shape in shapes for text in _paragraphs(shape, {})] or _paragraphs(root, {})
            builder.add_text("\n".join([*texts, *_chart_values(root)]))


def _shapes(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield the shapes with text and the tables, also those in groups, in their order."""
    stack = [root]
    while stack:
        element = stack.pop()
        tag = _tag(element)
        if tag in {"sp", "tbl", "cxnSp"}:
            yield element
        elif tag == "pic":
            continue
        else:
            stack += reversed(element)


def _placeholders(shape: ElementTree.Element) -> set[str]:
    return {element.get("type") or "" for element in shape.iter() if _tag(element) == "ph"}


def _paragraphs(shape: ElementTree.Element, links: dict[str, str]) -> list[str]:
    paragraphs: list[str] = []
    for paragraph in shape.iter():
        if _tag(paragraph) not in {"p", "text"}:
            continue
        text = [paragraph.text or ""] if _tag(paragraph) == "text" else []
        for element in paragraph.iter():
            if _tag(element) == "t":
                text.append(element.text or "")
            elif _tag(element) == "br":
                text.append(" ")
            elif _tag(element) == "hlinkClick" and (address := links.get(element.get(f"{RELATIONSHIP}id") or "")):
                text.append(f"({address}) ")
        joined = " ".join("".join(text).split())
        if joined:
            paragraphs.append(joined)
    return paragraphs


def _chart_values(root: ElementTree.Element) -> list[str]:
    """Return the cached names and values of a chart."""
    series: list[str] = []
    for element in root.iter():
        if _tag(element) == "ser":
            series.append(" | ".join(value.text for value in element.iter() if _tag(value) == "v" and value.text))
    return series


def _links(archive: ZipFile, part: str) -> dict[str, str]:
    folder, name = posixpath.split(part)
    file = f"{folder}/_rels/{name}.rels"
    if file not in archive.namelist():
        return {}
    found = {element.get("Id") or "": element.get("Target") or "" for element in _parse(archive, file)}
    return {id: target for id, target in found.items() if target.startswith(("http://", "https://", "mailto:"))}


def _parse(archive: ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(part))


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
