"""The port for file kinds: a loader turns a file's bytes into text with headings."""

from pathlib import PurePath
from typing import NamedTuple, Protocol

from vong import plugins
from vong.errors import InvalidInput


class Section(NamedTuple):
    """A stretch of text under one heading. `heading` is the path of headings above it, joined by ` > `."""

    heading: str
    text: str


class ParsedDocument(NamedTuple):
    """What a file says: its title and its sections in reading order."""

    title: str
    sections: tuple[Section, ...]


class Loader(Protocol):
    """Read one file. Raises InvalidInput where the bytes are not what they claim to be."""

    def __call__(self, content: bytes, path: str) -> ParsedDocument:
        """The text of a file; `path` is its name, used where the file itself has no title."""
        ...


LOADERS = {
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


def loader_name(path: str) -> str:
    """The loader for a file name, by its suffix, or one that a plugin brought under the suffix's own name."""
    suffix = PurePath(path).suffix.lower()
    name = LOADERS.get(suffix, suffix.lstrip("."))
    if name not in plugins.names("loader"):
        raise InvalidInput(
            f"{path!r}: no loader for {suffix or 'a file without a suffix'}", "supported: " + ", ".join(LOADERS)
        )
    return name


def load(content: bytes, path: str) -> ParsedDocument:
    """The text of a file. InvalidInput where its kind is unknown, it is broken, or there is no text in it."""
    loader: Loader = plugins.load("loader", loader_name(path))
    text = loader(content, path)
    if not any(section.text.strip() for section in text.sections):
        raise InvalidInput(
            f"{path!r} holds no text", "a scanned document must be passed through text recognition first"
        )
    return text


def title_of(path: str) -> str:
    """A title made from a file name."""
    return PurePath(path).stem.replace("_", " ").replace("-", " ").strip().capitalize()


def decode(content: bytes, path: str) -> str:
    """UTF-8 text (a byte order mark is dropped)."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path!r} is not UTF-8 text: {error.reason} at byte {error.start}", "save it as UTF-8"
        ) from error


class SectionBuilder:
    """Collects sections while a loader walks through a document: `heading` opens one, `add` fills it."""

    def __init__(self) -> None:
        self.title = ""
        self._path: list[tuple[int, str]] = []
        self._sections: list[Section] = []
        self._lines: list[str] = []

    def heading(self, level: int, text: str) -> None:
        """A heading of level 1 (highest) to 6."""
        self._close()
        if level == 1 and not self.title:
            self.title = text
        self._path = [(above, name) for above, name in self._path if above < level] + [(level, text)]

    def add(self, text: str) -> None:
        """A paragraph, list item or table row."""
        if text.strip():
            self._lines.append(text.strip())

    def finish(self, path: str) -> ParsedDocument:
        """All that was collected."""
        self._close()
        return ParsedDocument(self.title or title_of(path), tuple(self._sections))

    def _close(self) -> None:
        if self._lines:
            heading = " > ".join(name for _, name in self._path)
            self._sections.append(Section(heading, "\n".join(self._lines)))
        self._lines = []
