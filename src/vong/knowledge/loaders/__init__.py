"""Loader interface: a loader converts the bytes of a file to text with headings.

May import `errors` and `plugins`; a loader imports its library inside its function.
"""

from pathlib import PurePath
from typing import NamedTuple, Protocol

from vong import plugins
from vong.errors import InvalidInput


class Section(NamedTuple):
    """Text under one heading. `heading` is the path of the headings above, joined by ` > `."""

    heading: str
    text: str


class ParsedDocument(NamedTuple):
    """Text of a file: its title and its sections in reading order."""

    title: str
    sections: tuple[Section, ...]


class Loader(Protocol):
    """Function that converts the bytes of one file to text with headings."""

    def __call__(self, content: bytes, path: str) -> ParsedDocument:
        """Return the text of a file. `path` provides the title if the file has none.

        Raises: InvalidInput if the bytes are not in the expected format.
        """
        ...


LOADERS_BY_SUFFIX = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
MEDIA_TYPES = {
    "markdown": "text/markdown",
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def find_loader_name(path: str) -> str:
    """Return the name of the loader for a file name, by suffix. A plugin's loader is named like the suffix.

    Raises: InvalidInput if no loader supports the suffix.
    """
    suffix = PurePath(path).suffix.lower()
    name = LOADERS_BY_SUFFIX.get(suffix, suffix.lstrip("."))
    if name not in plugins.list_extensions("loader"):
        raise InvalidInput(
            f"{path!r}: no loader for {suffix or 'a file without a suffix'}",
            "supported: " + ", ".join(LOADERS_BY_SUFFIX),
        )
    return name


def load_document(content: bytes, path: str) -> ParsedDocument:
    """Parse a file with the loader of its suffix.

    Raises: InvalidInput if the format is unknown, the file is damaged or it contains no text.
    """
    loader: Loader = plugins.load_extension("loader", find_loader_name(path))
    text = loader(content, path)
    if not any(section.text.strip() for section in text.sections):
        raise InvalidInput(f"{path!r} contains no text", "run text recognition (OCR) on a scanned document first")
    return text


def title_from_path(path: str) -> str:
    """Return a title derived from a file name."""
    return PurePath(path).stem.replace("_", " ").replace("-", " ").strip().capitalize()


def decode_utf8(content: bytes, path: str) -> str:
    """Decode UTF-8 text and drop a byte order mark.

    Raises: InvalidInput if the bytes are not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path!r} is not UTF-8 text: {error.reason} at byte {error.start}", "save it as UTF-8"
        ) from error


class SectionBuilder:
    """Builder of a document's sections: `start_section` opens a section, `add_text` appends to it."""

    def __init__(self) -> None:
        self.title = ""
        self._path: list[tuple[int, str]] = []
        self._sections: list[Section] = []
        self._lines: list[str] = []

    def start_section(self, level: int, text: str) -> None:
        """Start a section under a heading of level 1 (highest) to 6."""
        self._close_section()
        if level == 1 and not self.title:
            self.title = text
        self._path = [(above, name) for above, name in self._path if above < level] + [(level, text)]

    def add_text(self, text: str) -> None:
        """Append a paragraph, list item or table row."""
        if text.strip():
            self._lines.append(text.strip())

    def build(self, path: str) -> ParsedDocument:
        """Return the document. Without a title, the file name is used."""
        self._close_section()
        return ParsedDocument(self.title or title_from_path(path), tuple(self._sections))

    def _close_section(self) -> None:
        if self._lines:
            heading = " > ".join(name for _, name in self._path)
            self._sections.append(Section(heading, "\n".join(self._lines)))
        self._lines = []
