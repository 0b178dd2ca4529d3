"""Loader for HTML pages: all text of the body once, in order."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vong.knowledge.loading.csv_table import format_row
from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.encoding import decode_text
from vong.knowledge.loading.sections import SectionBuilder

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
IGNORED_TAGS = frozenset(("script", "style", "template", "svg", "head", "annotation", "annotation-xml", "iframe"))
MAX_NAVIGATION_WORDS = 30
"""Words outside of links that navigation has at most, unless more words are in its links."""
NAVIGATION_HEADING = "Navigation"
INLINE_TAGS = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("img", "input", "ins", "kbd", "label", "mark", "math", "mi", "mn", "mo", "mrow", "msub", "msup", "nobr"),
        *("q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u"),
        *("var", "wbr"),
    )
)
BLANKS = re.compile(r"\s+")
LINK_PATTERN = re.compile(r"(?:https?://|mailto:|tel:)\S{1,500}", re.IGNORECASE)
CHARSET_PATTERN = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w-]+)", re.I
)
MAX_CELL_CHARS = 2_000
"""Length of a cell above which a table is taken for the layout of a page."""


def load_html(content: bytes, path: str) -> ParsedDocument:
    """Load a page without scripts and styles. Navigation follows at the end and is not indexed.

    Addresses of links are kept.

    Raises: InvalidInput if the bytes are not text.
    """
    declared = CHARSET_PATTERN.search(content[:4096])
    name = next((group.decode() for group in declared.groups() if group), None) if declared else None
    text, note = decode_text(content, path, name)
    document = load_html_text(text, path)
    return document._replace(notes=(*document.notes, note)) if note else document


def load_html_text(text: str, path: str) -> ParsedDocument:
    """Load a page that is already decoded."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(text.replace("\0", " "), "html.parser")
    builder = SectionBuilder()
    title = " ".join(page.title.get_text(" ").split()) if page.title else ""
    navigation = _take_navigation(page)
    add_html(page, builder)
    document = builder.build(path)
    heading = NAVIGATION_HEADING if document.sections else ""
    for tag in navigation:
        taken = SectionBuilder()
        add_html(tag, taken)
        for part in taken.build("").sections:
            kind = part.kind if tag.name == "noscript" else "navigation"
            moved = part._replace(heading=heading, level=0, kind=kind)
            document = document._replace(sections=(*document.sections, moved))
    if not document.sections and title:
        builder.add_text(title)
        document = builder.build(path)
    language = page.html.get("lang") if page.html else None
    if isinstance(language, str) and re.fullmatch(r"[A-Za-z]{2,3}([-_].*)?", language):
        document = document._replace(language=re.split("[-_]", language)[0].lower())
    return document._replace(title=title) if title else document


def add_html(page: "BeautifulSoup | Tag", builder: SectionBuilder) -> None:
    """Append the text of a page to a document."""
    _Walker(builder, IGNORED_TAGS).walk(page)


def _take_navigation(page: "BeautifulSoup") -> "list[Tag]":
    """Remove navigation and what a page shows without scripts from the page, and return it."""
    found = [tag for tag in page.find_all(_is_beside_content) if tag.find_parent(IGNORED_TAGS) is None]
    outermost = [tag for tag in found if tag.find_parent(_is_beside_content) is None]
    return [tag.extract() for tag in outermost]


def _is_beside_content(tag: "Tag") -> bool:
    if tag.name == "noscript":
        return True
    if tag.name != "nav" and tag.get("role") != "navigation":
        return False
    linked = sum(len(link.get_text(" ").split()) for link in tag.find_all("a"))
    return len(tag.get_text(" ").split()) - linked <= max(MAX_NAVIGATION_WORDS, linked)


class _Walker:
    """Walk through a page. Text is collected until a block ends. The stack is explicit, because pages nest deeply."""

    def __init__(self, builder: SectionBuilder, ignored: frozenset[str]) -> None:
        self._builder = builder
        self._ignored = ignored
        self._text: list[str] = []
        self._lists: list[tuple[str, int]] = []
        self._marker = ""

    def walk(self, root: "Tag") -> None:
        """Append the text below a tag."""
        from bs4 import Tag
        from bs4.element import NavigableString, PreformattedString

        stack: list[Iterator[PageElement]] = [iter(root.contents)]
        tags: list[Tag] = [root]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
                self._leave(tags.pop())
            elif isinstance(child, Tag):
                if child.name not in self._ignored and not self._take_whole(child):
                    self._enter(child)
                    stack.append(iter(child.contents))
                    tags.append(child)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._text.append(BLANKS.sub(" ", str(child)))
        self._flush()

    def _take_whole(self, tag: "Tag") -> bool:
        """Append a tag that is not walked through: a heading, code, a data table or an empty tag. Return if it was."""
        if tag.name in HEADING_TAGS:
            self._flush()
            self._builder.start_section(int(tag.name[1]), inline_text(tag, self._ignored))
        elif tag.name == "pre":
            self._flush()
            self._builder.add_text(tag.get_text(), "code")
        elif tag.name == "table" and (table := table_text(tag, self._ignored)):
            self._flush()
            self._builder.add_text(table, "table")
        elif tag.name == "br":
            self._text.append("\n")
        elif tag.name in {"img", "input", "area"}:
            self._text.append(_attribute_text(tag))
        else:
            return False
        return True

    def _enter(self, tag: "Tag") -> None:
        if tag.name in INLINE_TAGS:
            return
        self._flush()
        if tag.name in {"ol", "ul", "menu"}:
            self._lists.append((tag.name, _number(tag, "start", 1) - 1))
        elif tag.name == "li":
            kind, count = self._lists[-1] if self._lists else ("ul", 0)
            count = _number(tag, "value", count + 1)
            if self._lists:
                self._lists[-1] = (kind, count)
            self._marker = "  " * max(0, len(self._lists) - 1) + (f"{count}. " if kind == "ol" else "- ")

    def _leave(self, tag: "Tag") -> None:
        if tag.name == "a":
            self._text.append(_address(tag, "".join(self._text)))
        if tag.name in INLINE_TAGS:
            return
        self._flush()
        if tag.name in {"ol", "ul", "menu"} and self._lists:
            self._lists.pop()
        if tag.name == "li":
            self._marker = ""

    def _flush(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._text).split("\n")]
        text = "\n".join(line for line in lines if line)
        self._text = []
        if not text:
            return
        if self._lists:
            self._builder.add_text(f"{self._marker}{text}", "list")
            self._marker = ""
        else:
            self._builder.add_text(text)


def table_text(table: "Tag", ignored: frozenset[str]) -> str:
    """Return a table with one line per row, after its caption. Empty if it is the layout of a page."""
    cells = table.find_all(["td", "th"])
    if table.find(["table", *HEADING_TAGS, "pre"]) or any(len(cell.get_text()) > MAX_CELL_CHARS for cell in cells):
        return ""
    lines = [inline_text(caption, ignored) for caption in table.find_all("caption")]
    for row in table.find_all("tr"):
        lines.append(format_row([inline_text(cell, ignored) for cell in row.find_all(["td", "th"])]))
    text = "\n".join(line for line in lines if line)
    # Text outside of cells would be lost.
    return text if len("".join(text.split())) >= len("".join(table.get_text().split())) else ""


def inline_text(tag: "Tag", ignored: frozenset[str]) -> str:
    """Return the text of a tag in one line. Blocks are separated by a blank."""
    builder = SectionBuilder()
    walker = _Walker(builder, ignored)
    walker.walk(tag)
    return " ".join(" ".join(section.text.split()) for section in builder.build("").sections)


def _attribute_text(tag: "Tag") -> str:
    name = "alt" if tag.name != "input" else "value"
    if tag.name == "input" and str(tag.get("type", "text")).lower() in {"hidden", "password", "checkbox", "radio"}:
        return ""
    value = str(tag.get(name) or "").strip()
    return f" {value} " if value else ""


def _address(tag: "Tag", text: str) -> str:
    """Return the address of a link in parentheses, unless the text ends with it."""
    href = str(tag.get("href") or "").strip()
    shown = href.removeprefix("mailto:").removeprefix("tel:")
    if not LINK_PATTERN.fullmatch(href) or text.rstrip().endswith((href, shown)) or not tag.get_text(strip=True):
        return ""
    return f" ({shown})"


def _number(tag: "Tag", attribute: str, default: int) -> int:
    value = str(tag.get(attribute) or "")
    return int(value) if re.fullmatch(r"-?\d{1,9}", value) else default
