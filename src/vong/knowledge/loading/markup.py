"""Loaders for JSON and XML."""

import json
import re
from collections.abc import Iterator
from typing import Any

from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.encoding import decode_text
from vong.knowledge.loading.html import CHARSET_PATTERN
from vong.knowledge.loading.sections import SectionBuilder

XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")

ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\([nrt\"])")


def load_json(content: bytes, path: str) -> ParsedDocument:
    """Load JSON, or JSON in each line, with one value per line and without escapes. Other text is kept as it stands.

    Raises: InvalidInput if the bytes are not text.
    """
    text, note = decode_text(content, path)
    builder = SectionBuilder()
    builder.notes += [note] if note else []
    try:
        builder.add_text(_format(json.loads(text, parse_float=str), 1))
    except (ValueError, RecursionError):
        builder.add_text("\n".join(_format_lines(text)))
    return builder.build(path)


def load_xml(content: bytes, path: str) -> ParsedDocument:
    """Load the text of the elements of an XML file.

    Raises: InvalidInput if the bytes are not text.
    """
    from bs4 import BeautifulSoup
    from bs4.element import CData, NavigableString

    declared = CHARSET_PATTERN.search(content[:1024])
    encoding = next((group.decode() for group in declared.groups() if group), None) if declared else None
    text, note = decode_text(content, path, encoding)
    builder = SectionBuilder()
    builder.notes += [note] if note else []
    page = BeautifulSoup(XML_DECLARATION.sub("", text), "html.parser", multi_valued_attributes=None)
    for part in page.find_all(string=True):
        if type(part) in {NavigableString, CData}:
            builder.add_text(str(part))
    return builder.build(path)


def _format(value: Any, indent: int | None) -> str:
    """Return JSON in which line ends and quotes of texts are no escapes, which would be part of the words."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return ESCAPE.sub(
        lambda match: match.group(1) + ("\n" if match.group(2) in "nr" else ' "'[match.group(2) == '"']), text
    )


def _format_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            yield _format(json.loads(line, parse_float=str), None)
        except (ValueError, RecursionError):
            yield line
