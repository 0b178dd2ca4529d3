"""Loading of documents: the bytes of a file become text with headings, pages and tables.

May import `errors`, `plugins` and `language_detection`; a loader imports its library inside its function.
"""

from vong.knowledge.loading.document import ParsedDocument, Section, decode_parsed, encode_parsed, join_text
from vong.knowledge.loading.encoding import decode_utf8
from vong.knowledge.loading.load import Loader, load_document
from vong.knowledge.loading.sections import SectionBuilder

__all__ = [
    "Loader",
    "ParsedDocument",
    "Section",
    "SectionBuilder",
    "decode_parsed",
    "decode_utf8",
    "encode_parsed",
    "join_text",
    "load_document",
]
