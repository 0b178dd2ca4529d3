"""Builder of the sections of a document."""

from vong.knowledge.loading.document import HEADING_SEPARATOR, ParsedDocument, Section, SectionKind
from vong.knowledge.loading.encoding import clean_text, title_from_path

MAX_HEADING_CHARS = 200
"""Maximum length of a heading. A longer one is text that only looks like a heading."""


class SectionBuilder:
    """Builder of a document's sections: `start_section` opens a section, `add_text` appends to it.

    A section ends at a heading, at a page and where the kind of its text changes. All text is kept: a heading without
    text below becomes a section whose text is the heading.
    """

    def __init__(self) -> None:
        self.title = ""
        self.notes: list[str] = []
        self._page: int | None = None
        self._path: list[tuple[int, str]] = []
        self._sections: list[Section] = []
        self._lines: list[str] = []
        self._kind: SectionKind = "text"
        self._heading_used = True

    def start_page(self, page: int) -> None:
        """Start a page. Its text is in sections of its own."""
        self._close_section()
        self._page = page

    def start_section(self, level: int, text: str) -> None:
        """Start a section under a heading of level 1 (highest) to 6."""
        heading = " ".join(clean_text(text).split())
        if not heading:
            return
        if len(heading) > MAX_HEADING_CHARS:
            self.add_text(heading)
            return
        self._close_section()
        if not self._heading_used and level <= self._path[-1][0]:
            self._keep_heading()
        if level == 1 and not self.title:
            self.title = heading
        self._path = [(above, name) for above, name in self._path if above < level] + [(level, heading)]
        self._heading_used = False

    def add_text(self, text: str, kind: SectionKind = "text") -> None:
        """Append a paragraph, list, table or code block. Line ends are kept."""
        cleaned = clean_text(text).strip("\n") if kind in {"code", "list"} else clean_text(text).strip()
        if not cleaned.strip():
            return
        if kind != self._kind or kind in {"table", "code"}:
            self._close_section()
            self._kind = kind
        self._lines.append(cleaned)
        self._heading_used = True

    def build(self, path: str) -> ParsedDocument:
        """Return the document. Without a title, the first heading or the file name is used."""
        self._close_section()
        if not self._heading_used:
            self._keep_heading()
            self._heading_used = True
        title = self.title or title_from_path(path)
        return ParsedDocument(title, tuple(self._sections), pages=self._page, notes=tuple(self.notes))

    def _close_section(self) -> None:
        if self._lines:
            self._append("\n".join(self._lines), self._kind)
        self._lines = []
        self._kind = "text"

    def _keep_heading(self) -> None:
        self._append(self._path[-1][1], "text")

    def _append(self, text: str, kind: SectionKind) -> None:
        heading = HEADING_SEPARATOR.join(name for _, name in self._path)
        level = self._path[-1][0] if self._path else 0
        self._sections.append(Section(heading, text, level, self._page, kind))
