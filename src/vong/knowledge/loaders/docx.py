"""Loader for Word documents."""

from io import BytesIO
from zipfile import BadZipFile

import mammoth

from vong.errors import InvalidInput
from vong.knowledge.loaders import ParsedDocument
from vong.knowledge.loaders.html import load_html


def load_docx(content: bytes, path: str) -> ParsedDocument:
    """Parse a DOCX file by converting it to HTML. Heading styles become headings, tables become rows.

    Raises: InvalidInput if the file is not a DOCX file.
    """
    try:
        page = mammoth.convert_to_html(BytesIO(content)).value
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"{path!r} is not a DOCX file: {error}", "save it again as .docx") from error
    return load_html(f"<main>{page}</main>".encode(), path)
