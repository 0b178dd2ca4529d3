"""Knowledge bases: index documents, retrieve passages and answer questions with citations.

In: files (Markdown, HTML, PDF, DOCX) and a question. Out: chunks with their position in the document, the passages that
match a question (fused vector and full-text search), and an answer with numbered citations or a statement that no
passage matches.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

# These modules declare tables.
import vong.knowledge.answer.store  # pyright: ignore[reportUnusedImport]
import vong.knowledge.evaluation_tables  # pyright: ignore[reportUnusedImport]
import vong.knowledge.index.contents  # pyright: ignore[reportUnusedImport]
import vong.knowledge.sources.tables  # pyright: ignore[reportUnusedImport]
import vong.knowledge.vector_store_tables  # noqa: F401 # pyright: ignore[reportUnusedImport]
from vong.knowledge.answer import RagAnswer
from vong.knowledge.index.embedders.minilm import MiniLmEmbedder
from vong.knowledge.indexing import delete_document, index_file, update_index_version
from vong.knowledge.retrieve import compute_coverage, retrieve
from vong.knowledge.tables import list_bases, list_documents

__all__ = [
    "MiniLmEmbedder",
    "RagAnswer",
    "compute_coverage",
    "delete_document",
    "index_file",
    "list_bases",
    "list_documents",
    "retrieve",
    "update_index_version",
]
