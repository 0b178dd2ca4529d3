"""Conversion of the block tree of a Notion page to Markdown."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from vong.knowledge.sources.notion.rich_text import file_url, stable_url, to_markdown, to_text

MAX_BLOCKS = 20_000
"""Blocks of a page that are read. A longer page is cut, and says so."""
MAX_DEPTH = 30
INDENT = "    "
HEADING_LEVELS = {"heading_1": 1, "heading_2": 2, "heading_3": 3, "heading_4": 4}
TEXT_TYPES = frozenset({"paragraph", "template"})
TRANSPARENT_TYPES = frozenset({"column_list", "column", "synced_block", "tab", "tab_list"})
FILE_TYPES = frozenset({"image", "video", "file", "pdf", "audio"})
LINK_TYPES = frozenset({"bookmark", "embed", "link_preview"})
IGNORED_TYPES = frozenset({"breadcrumb", "table_of_contents", "unsupported", "table_row"})

ListChildren = Callable[[str], Iterable[dict[str, Any]]]


class NotionReference(NamedTuple):
    """Page or database inside a page."""

    kind: str
    id: str
    title: str


class PageText(NamedTuple):
    """Text of a page, and the pages and databases inside it."""

    markdown: str
    references: tuple[NotionReference, ...]


class BlockRenderer:
    """Renderer of one page. `list_children` returns the blocks inside a block, in order."""

    def __init__(self, list_children: ListChildren) -> None:
        self._list_children = list_children
        self._references: list[NotionReference] = []
        self._count = 0

    def render(self, page_id: str) -> PageText:
        """Return the text of a page."""
        lines = self._render_children(page_id, 0)
        if self._count >= MAX_BLOCKS:
            lines.append(f"\n(The rest of this page, after {MAX_BLOCKS} blocks, is left out.)\n")
        return PageText("\n".join(lines).strip(), tuple(self._references))

    def _render_children(self, id: str, depth: int) -> list[str]:
        if depth > MAX_DEPTH:
            return []
        lines: list[str] = []
        number = 0
        for block in self._list_children(id):
            if self._count >= MAX_BLOCKS:
                break
            self._count += 1
            kind = str(block.get("type") or "")
            number = number + 1 if kind == "numbered_list_item" else 0
            rendered = self._render_block(block, kind, number, depth)
            if not rendered:
                continue
            is_list = kind in ("bulleted_list_item", "numbered_list_item", "to_do")
            if lines and not (is_list and lines[-1]):
                lines.append("")
            lines += rendered
            if not is_list:
                lines.append("")
        return _squeeze(lines)

    def _render_block(self, block: dict[str, Any], kind: str, number: int, depth: int) -> list[str]:
        """Return the lines of a block with everything inside it."""
        content = block.get(kind)
        content = content if isinstance(content, dict) else {}
        if kind in ("child_page", "child_database", "link_to_page"):
            return self._render_reference(block, kind, content)
        if kind == "table":
            return self._render_table(block)
        if kind in IGNORED_TYPES:
            return []
        inner = self._render_inner(block, kind, content, depth)
        if kind in TRANSPARENT_TYPES:
            return inner
        if kind in HEADING_LEVELS:
            title = " ".join(to_markdown(content.get("rich_text")).split())
            return [f"{'#' * HEADING_LEVELS[kind]} {title}", "", *inner] if title else inner
        return self._render_text_block(kind, content, number, inner)

    def _render_inner(self, block: dict[str, Any], kind: str, content: dict[str, Any], depth: int) -> list[str]:
        original = (content.get("synced_from") or {}).get("block_id") if kind == "synced_block" else None
        if original:
            # A copy has the blocks of the original, which may not be shared with the integration.
            if block.get("has_children"):
                return self._render_children(str(block.get("id")), depth + 1)
            return self._render_children(str(original), depth + 1)
        return self._render_children(str(block.get("id")), depth + 1) if block.get("has_children") else []

    def _render_text_block(self, kind: str, content: dict[str, Any], number: int, inner: list[str]) -> list[str]:
        text = to_markdown(content.get("rich_text"))
        if kind == "bulleted_list_item":
            return _list_item("- ", text, inner)
        if kind == "numbered_list_item":
            return _list_item(f"{number}. ", text, inner)
        if kind == "to_do":
            return _list_item("- [x] " if content.get("checked") else "- [ ] ", text, inner)
        if kind == "toggle":
            return [f"**{text}**" if text and not text.startswith("**") else text, "", *inner]
        if kind in ("quote", "callout"):
            return [f"> {line}".rstrip() for line in [*text.split("\n"), *([""] if inner else []), *inner]]
        if kind == "code":
            return _code(content)
        if kind == "equation":
            return [f"$${content.get('expression') or ''}$$"]
        if kind == "divider":
            return ["---"]
        if kind in FILE_TYPES or kind in LINK_TYPES:
            return _link(kind, content)
        lines = text.split("\n") if text.strip() else []
        return [*lines, *([""] if lines and inner else []), *inner]

    def _render_reference(self, block: dict[str, Any], kind: str, content: dict[str, Any]) -> list[str]:
        title = str(content.get("title") or "")
        if kind == "link_to_page":
            # A link does not belong to the page: its target is read if it is shared or below another page.
            return []
        self._references.append(NotionReference(kind, str(block.get("id")), title))
        label = "Database" if kind == "child_database" else "Page"
        return [f"{label}: {title}"] if title else []

    def _render_table(self, block: dict[str, Any]) -> list[str]:
        rows: list[list[str]] = []
        for row in self._list_children(str(block.get("id"))):
            self._count += 1
            cells = (row.get("table_row") or {}).get("cells") or ()
            rows.append([_cell(to_markdown(cell)) for cell in cells])
        return markdown_table(rows)


def markdown_table(rows: list[list[str]]) -> list[str]:
    """Return a table whose first row is its header. Short rows are filled."""
    width = max((len(row) for row in rows), default=0)
    if not width:
        return []
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in filled]
    return [lines[0], f"|{' --- |' * width}", *lines[1:]]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _list_item(mark: str, text: str, inner: list[str]) -> list[str]:
    first, *rest = text.split("\n")
    return [f"{mark}{first}", *(f"{INDENT}{line}".rstrip() for line in [*rest, *inner])]


def _code(content: dict[str, Any]) -> list[str]:
    text = to_text(content.get("rich_text"))
    fence = "```"
    while fence in text:
        fence += "`"
    language = str(content.get("language") or "").replace("plain text", "").replace(" ", "-")
    caption = to_markdown(content.get("caption"))
    return [f"{fence}{language}", *text.split("\n"), fence, *(["", caption] if caption else [])]


def _link(kind: str, content: dict[str, Any]) -> list[str]:
    address = stable_url(str(content.get("url") or "")) or file_url(content)
    caption = to_markdown(content.get("caption")).strip()
    name = caption or str(content.get("name") or "").strip() or (kind.capitalize() if kind in FILE_TYPES else address)
    if not address:
        return [caption] if caption else []
    return [f"[{name}]({address})"]


def _squeeze(lines: list[str]) -> list[str]:
    """Remove empty lines at the ends and repeated ones between."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept
