"""Loader for EPUB books: their chapters in reading order."""

import posixpath
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from bs4 import BeautifulSoup

from vong.errors import InvalidInput
from vong.knowledge.loading.archive import check_archive
from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.encoding import decode_text
from vong.knowledge.loading.html import add_html
from vong.knowledge.loading.sections import SectionBuilder

CONTAINER = "META-INF/container.xml"


def load_epub(content: bytes, path: str) -> ParsedDocument:
    """Load a book. Each file of its reading order counts as a page.

    Raises: InvalidInput if the file is no EPUB or is protected.
    """
    check_archive(content, path)
    builder = SectionBuilder()
    try:
        book = ZipFile(BytesIO(content))
        package_path = next(_find_all(book.read(CONTAINER), "rootfile")).get("full-path") or ""
        package = book.read(package_path)
        items = {item.get("id"): item.get("href") or "" for item in _find_all(package, "item")}
        folder = posixpath.dirname(package_path)
        chapters = [
            posixpath.normpath(posixpath.join(folder, unquote(items[reference.get("idref")])))
            for reference in _find_all(package, "itemref")
            if reference.get("idref") in items
        ]
        for number, chapter in enumerate(chapters, 1):
            builder.start_page(number)
            text, _ = decode_text(book.read(chapter), chapter)
            add_html(BeautifulSoup(text, "html.parser"), builder)
        title = next((element.text or "" for element in _find_all(package, "title")), "")
    except (BadZipFile, KeyError, StopIteration, ElementTree.ParseError, RuntimeError, OSError) as error:
        raise InvalidInput(f"{path!r} is not a readable EPUB: {error}", "save it again as EPUB") from error
    document = builder.build(path)
    return document._replace(title=title.strip()) if title.strip() else document


def _find_all(xml: bytes, name: str) -> Iterator[ElementTree.Element]:
    return (element for element in ElementTree.fromstring(xml).iter() if element.tag.rpartition("}")[2] == name)
