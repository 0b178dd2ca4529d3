"""Loader for all other formats: Office and OpenDocument files, e-mail, notebooks, books, feeds and archives."""

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from vong.errors import InvalidInput
from vong.knowledge.loading import ooxml
from vong.knowledge.loading.archive import check_archive
from vong.knowledge.loading.csv_table import format_row
from vong.knowledge.loading.detection import TEXT_SUFFIXES, ZIP_STARTS, detect_format, find_suffix
from vong.knowledge.loading.document import ParsedDocument, join_text
from vong.knowledge.loading.extraction import extract, list_nodes, ocr_languages
from vong.knowledge.loading.sections import SectionBuilder
from vong.knowledge.loading.text import load_text

if TYPE_CHECKING:
    from kreuzberg import ExtractionResult

MIN_WORD_SHARE = 0.99
"""Share of the words of the plain text that the structure must hold. Otherwise the plain text is used."""
WORD = re.compile(r"\w+")


def load_office(content: bytes, path: str) -> ParsedDocument:
    """Load a document with its headings, pages, tables, lists and link addresses.

    Raises: InvalidInput if the file is damaged, needs a password or holds no text.
    """
    media_type = detect_format(content, path).media_type
    if content.startswith(ZIP_STARTS):
        check_archive(content, path)
    ocr = bool(ocr_languages())
    result = extract(ooxml.replace_signs(content, media_type), media_type, path, output="plain", ocr=ocr)
    builder = SectionBuilder()
    _add_nodes(builder, result)
    document = builder.build(path)
    if _word_share(result.content, join_text(document)) < MIN_WORD_SHARE:
        builder = SectionBuilder()
        builder.add_text(result.content)
        document = builder.build(path)
    if not document.sections and find_suffix(path) in TEXT_SUFFIXES:
        # The library finds nothing in unusual markup, as LaTeX on one line.
        document = load_text(content, path)
    document = _add_missing(document, ooxml.read_paragraphs(content, media_type))
    damage = ooxml.find_damage(content, media_type)
    if damage and not document.sections:
        raise InvalidInput(f"{path!r} is damaged: {damage}", "open it in its program, save it again and upload it")
    pages = _count_pages(result)
    title = str((result.metadata or {}).get("title") or "").strip()
    if not builder.title and title:
        document = document._replace(title=title[:200])
    notes = _warnings(result) + ([f"text may be missing, because the file is damaged: {damage}"] if damage else [])
    return document._replace(pages=pages or document.pages, notes=(*document.notes, *notes))


def _add_nodes(builder: SectionBuilder, result: "ExtractionResult") -> None:
    nodes = list_nodes(result)
    numbers: Counter[int] = Counter()
    page: int | None = None
    for node in nodes:
        content = node["content"]
        kind = content["node_type"]
        number: int | None = node.get("page")
        if number and number != page:
            page = number
            builder.start_page(number)
        if kind == "heading":
            builder.start_section(content.get("level") or 1, content.get("text") or "")
        elif kind == "table":
            builder.add_text(_table_text(content["grid"]), "table")
        elif kind == "list_item":
            parent = nodes[node["parent"]]["content"] if node.get("parent") is not None else {}
            numbers[node.get("parent", -1)] += 1
            marker = f"{numbers[node.get('parent', -1)]}. " if parent.get("ordered") else "- "
            builder.add_text(marker + _node_text(node), "list")
        elif kind == "code":
            builder.add_text(content.get("text") or "", "code")
        elif kind == "metadata_block":
            builder.add_text("\n".join(f"{name}: {value}" for name, value in content.get("entries") or []))
        elif kind != "group":
            builder.add_text(_node_text(node))


def _node_text(node: dict[str, Any]) -> str:
    """Return the text of a node with the addresses of its links."""
    content = node["content"]
    text = str(content.get("text") or content.get("description") or content.get("content") or "")
    encoded = text.encode()
    for annotation in sorted(node.get("annotations") or [], key=lambda found: -int(found.get("end") or 0)):
        kind = annotation.get("kind") or annotation.get("annotation_type") or annotation
        address = annotation.get("url") or (kind.get("url") if isinstance(kind, dict) else None)
        if address and str(address).startswith(("http://", "https://", "mailto:")) and str(address) not in text:
            end = int(annotation.get("end") or len(encoded))
            encoded = encoded[:end] + f" ({address})".encode() + encoded[end:]
    return encoded.decode("utf-8", "replace")


def _table_text(grid: dict[str, Any]) -> str:
    rows: dict[int, list[str]] = {}
    for cell in grid["cells"]:
        row = rows.setdefault(cell["row"], [])
        row += [""] * (cell["col"] - len(row)) + [cell["content"] or ""]
    return "\n".join(line for row in sorted(rows) if (line := format_row(rows[row])))


def _word_share(reference: str, text: str) -> float:
    """Return the share of the words of a reference that a text contains."""
    expected, found = Counter(WORD.findall(reference)), Counter(WORD.findall(text))
    total = sum(expected.values())
    return sum(min(count, found[word]) for word, count in expected.items()) / total if total else 1.0


def _add_missing(document: ParsedDocument, paragraphs: list[str]) -> ParsedDocument:
    """Append the paragraphs that the library left out, as text in shapes, notes and comments."""
    remaining = Counter(WORD.findall(join_text(document)))
    missing: list[str] = []
    for paragraph in paragraphs:
        words = Counter(WORD.findall(paragraph))
        if words - remaining:
            missing.append(paragraph)
        else:
            remaining -= words
    if not missing:
        return document
    builder = SectionBuilder()
    builder.add_text("\n".join(dict.fromkeys(missing)))
    return document._replace(sections=(*document.sections, *builder.build("").sections))


def _count_pages(result: "ExtractionResult") -> int | None:
    pages = (result.metadata or {}).get("pages")
    return pages.get("total_count") if pages else None


def _warnings(result: "ExtractionResult") -> list[str]:
    """Return what the library could not read, as attachments of an e-mail."""
    notes: list[str] = []
    for warning in result.processing_warnings:
        message = str(getattr(warning, "message", warning))
        name, _, cause = message.removeprefix("Failed to extract ").partition(": ")
        cause = "text recognition is not installed" if "Tesseract" in cause and not ocr_languages() else cause
        notes.append(f"{name} was not read: {cause}" if cause else message)
    return notes
