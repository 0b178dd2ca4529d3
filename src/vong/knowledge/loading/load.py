"""Loading of one document: format, loader, and what all documents have in common."""

from collections import Counter
from typing import Protocol

from vong import plugins
from vong.errors import InvalidInput
from vong.knowledge.loading import mail
from vong.knowledge.loading.archive import load_archive
from vong.knowledge.loading.detection import FORMATS_BY_SUFFIX, FileFormat, detect_format, find_suffix
from vong.knowledge.loading.document import ParsedDocument
from vong.language_detection import detect_language

MAX_SAMPLES = 12
"""Sections whose language is detected. The language of most of their text is that of the document."""
MAX_CHARACTERS = 100_000_000
"""Maximum length of the text of a document."""


class Loader(Protocol):
    """Function that converts the bytes of one file to text with headings."""

    def __call__(self, content: bytes, path: str) -> ParsedDocument:
        """Return the text of a file. `path` provides the title if the file has none.

        Raises: InvalidInput if the bytes are not in the expected format.
        """
        ...


def load_document(content: bytes, path: str, depth: int = 0) -> ParsedDocument:
    """Return the text of a file with its headings, pages, tables, links and language.

    The loader is chosen by the content, and by the suffix for text formats and those of plugins. `depth` is the number
    of archives and e-mails around the file.

    Raises: InvalidInput if the format is unknown, the file is damaged, protected or too large, or it holds no text.
    """
    suffix = find_suffix(path)
    if suffix not in FORMATS_BY_SUFFIX and suffix.lstrip(".") in plugins.list_extensions("loader"):
        format = FileFormat("application/octet-stream", suffix, suffix.lstrip("."))
    else:
        format = detect_format(content, path)
    if format.loader == "archive":
        document = load_archive(content, path, load_document, depth)
    elif format.media_type == mail.MEDIA_TYPE:
        document = mail.load_mail(content, path, load_document, depth)
    else:
        loader: Loader = plugins.load_extension("loader", format.loader)
        document = loader(content, path)
    length = sum(len(section.text) for section in document.sections)
    if not any(section.text.strip() for section in document.sections):
        raise InvalidInput(f"{path!r} contains no text", "add the text as a file")
    if length > MAX_CHARACTERS:
        raise InvalidInput(
            f"{path!r} has {length} characters of text, and at most {MAX_CHARACTERS} are read", "split the file"
        )
    notes = [*document.notes, *_suffix_note(format, path)]
    return document._replace(
        media_type=format.media_type, language=document.language or find_language(document), notes=tuple(notes)
    )


def find_language(document: ParsedDocument) -> str:
    """Return the language of most of the text (ISO 639-1). Empty if it is unknown."""
    weights: Counter[str] = Counter()
    longest = sorted(document.sections, key=lambda section: -len(section.text))[:MAX_SAMPLES]
    for section in longest:
        text = " ".join(section.text.split())
        language = detect_language(text)
        if language != "unknown":
            weights[language] += min(len(text), 1000)
    return weights.most_common(1)[0][0] if weights else ""


def _suffix_note(format: FileFormat, path: str) -> list[str]:
    expected = FORMATS_BY_SUFFIX.get(find_suffix(path))
    if expected is None or expected.media_type == format.media_type:
        return []
    return [f"the suffix says {expected.label}, but the content is {format.label}"]
