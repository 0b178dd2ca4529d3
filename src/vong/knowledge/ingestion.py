"""Steps between loading and indexing of a document: masking, reuse of vectors, and the record of the result."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from vong import pii
from vong.knowledge.documents import get_for_update, set_state
from vong.knowledge.index.chunkers import ChunkDraft
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexing import PreparedDocument, embedded_text, prepare_document, store_prepared
from vong.knowledge.index.tables import KnowledgeIndex, chunks
from vong.knowledge.loading.document import ParsedDocument
from vong.records import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TEXTS = 64
"""Texts that are embedded before the progress is reported."""


def mask_document(parsed: ParsedDocument, kinds: tuple[pii.PiiKind, ...]) -> ParsedDocument:
    """Return a document whose personal data of these kinds are placeholders, with a note of their number."""
    if not kinds:
        return parsed
    found: list[str] = []

    def mask(text: str) -> str:
        masked, replaced = pii.mask_pii(text, kinds)
        found.extend(replaced)
        return masked

    sections = tuple(
        section._replace(text=mask(section.text), heading=mask(section.heading)) for section in parsed.sections
    )
    title = mask(parsed.title)
    notes = [f"{len(found)} pieces of personal data were masked"] if found else []
    return parsed._replace(title=title, sections=sections, notes=(*parsed.notes, *notes))


class ReusingEmbedder:
    """Embedder of one document that takes the vectors of unchanged chunks from the index.

    `progress` is called with the number of finished texts and of all texts.
    """

    def __init__(
        self,
        embedder: Embedder,
        stored: "dict[str, NDArray[np.float32]]",
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._embedder = embedder
        self._stored = stored
        self._progress = progress
        self.version = embedder.version
        self.dimension = embedder.dimension
        self.max_tokens = embedder.max_tokens
        self.embedded = 0

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector for each query."""
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector for each passage. Only those that are not stored are embedded."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        new = [place for place, text in enumerate(texts) if text not in self._stored]
        for place, text in enumerate(texts):
            if text in self._stored:
                vectors[place] = self._stored[text]
        done = len(texts) - len(new)
        for start in range(0, len(new), BATCH_TEXTS):
            if self._progress is not None:
                self._progress(done + start, len(texts))
            places = new[start : start + BATCH_TEXTS]
            vectors[places] = self._embedder.embed_passages([texts[place] for place in places])
        self.embedded += len(new)
        return vectors

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text."""
        return self._embedder.token_counts(texts)


def load_vectors(connection: Connection, index: KnowledgeIndex, document: Document) -> "dict[str, NDArray[np.float32]]":
    """Return the vectors of the chunks of a document in an index, by the texts from which they were made."""
    import numpy as np

    columns = (chunks.c.heading, chunks.c.text, chunks.c.embedding)
    where = (chunks.c.document_id == document.id) & (chunks.c.index_id == index.id) & chunks.c.embedding.is_not(None)
    vectors: dict[str, NDArray[np.float32]] = {}
    for heading, text, embedding in connection.execute(select(*columns).where(where)):
        draft = ChunkDraft(heading=heading, text=text, start=0, end=0, tokens=0)
        values = embedding.to_list() if hasattr(embedding, "to_list") else list(embedding)
        vectors[embedded_text(document.title, draft)] = np.asarray(values, dtype=np.float32)
    return vectors


def prepare(index: KnowledgeIndex, document: Document, parsed: ParsedDocument, embedder: Embedder) -> PreparedDocument:
    """Return the chunks of a document with their vectors, by the chunker of the document if it has its own."""
    if document.chunker:
        index = index.model_copy(update={"chunker": document.chunker})
    return prepare_document(index, parsed, embedder)


def finish(
    connection: Connection,
    index: KnowledgeIndex,
    document: Document,
    parsed: ParsedDocument,
    text_blob: str,
    prepared: PreparedDocument,
) -> bool:
    """Store the chunks of a document and record that it is ready, in one transaction.

    Returns False if the document was deleted or another version was uploaded meanwhile: nothing is stored then.
    """
    current = get_for_update(connection, document.id)
    if current is None or current.blob != document.blob:
        return False
    loaded = current.model_copy(
        update={
            "hash": document.blob,
            "title": parsed.title,
            "language": parsed.language,
            "media_type": parsed.media_type,
        }
    )
    count = store_prepared(connection, index, loaded, parsed, prepared)
    set_state(
        connection,
        loaded,
        "ready",
        hash=document.blob,
        title=parsed.title,
        language=parsed.language,
        media_type=parsed.media_type,
        reason=None,
        hint=None,
        notes=list(parsed.notes),
        pages=parsed.pages,
        pages_done=parsed.pages or 0,
        chunks=count,
        characters=sum(len(section.text) for section in parsed.sections),
        text_blob=text_blob,
    )
    return True
