"""Loader for plain text."""

from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.encoding import decode_text
from vong.knowledge.loading.sections import SectionBuilder


def load_text(content: bytes, path: str) -> ParsedDocument:
    """Load a text file as it stands. Nothing in it is read as markup.

    Raises: InvalidInput if the bytes are not text.
    """
    text, note = decode_text(content, path)
    builder = SectionBuilder()
    builder.notes += [note] if note else []
    builder.add_text(text)
    return builder.build(path)
