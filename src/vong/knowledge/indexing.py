"""Indexing of files in a knowledge base."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.knowledge import tables
from vong.knowledge.chunking import CHUNK_OVERLAP, CHUNK_SIZE, chunk_document, full_text
from vong.knowledge.loaders import MEDIA_TYPES, find_loader_name, load_document
from vong.records import Chunk, Document, content_hash, new_id, now

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed: TypeAlias = Callable[[Sequence[str]], "NDArray[np.float32]"]


def index_file(connection: Connection, base: str, path: str, content: bytes, embed: Embed) -> Document:
    """Load, chunk, embed and store one file under its path. An unchanged file is not indexed again.

    An unreadable file becomes a document in state `failed` with the reason, unless an earlier version of the file is
    stored: that version is kept.
    """
    digest = hashlib.sha256(content).hexdigest()
    earlier = {document.path: document for document in tables.list_documents(connection, base)}.get(path)
    if earlier and earlier.hash == digest and earlier.state == "ready":
        return earlier
    document = Document(
        id=new_id(), base=base, path=path, hash=digest, media_type="", title=path, state="failed", created_at=now()
    )
    try:
        document = document.model_copy(update={"media_type": MEDIA_TYPES.get(find_loader_name(path), "")})
        parsed = load_document(content, path)
    except InvalidInput as error:
        document = document.model_copy(update={"reason": str(error)})
        if earlier is None or earlier.state == "failed":
            import numpy as np

            tables.replace_document(connection, document, [], np.zeros((0, 0), dtype=np.float32))
        return document
    spans = chunk_document(parsed)
    # The heading path is embedded too, because it gives a short section its context: "Refunds > Limits".
    vectors = embed([f"{parsed.title}\n{span.heading}\n{span.text}" for span in spans])
    chunks = [
        Chunk(
            id=new_id(),
            document_id=document.id,
            position=position,
            text=span.text,
            heading=span.heading,
            start=span.start,
            end=span.end,
        )
        for position, span in enumerate(spans)
    ]
    ready = {"state": "ready", "title": parsed.title, "chunks": len(chunks), "characters": len(full_text(parsed))}
    document = document.model_copy(update=ready)
    tables.replace_document(connection, document, chunks, vectors)
    return document


def read_document_text(content: bytes, path: str) -> str:
    """Return the text of a file with its headings, as a document for pre-training.

    Raises: InvalidInput if the file cannot be read.
    """
    sections = load_document(content, path).sections
    parts = [(section.heading.rpartition(" > ")[2], section.text) for section in sections]
    return "\n\n".join(f"{heading}\n\n{text}" if heading else text for heading, text in parts)


def update_index_version(connection: Connection, base: str, embedder: str) -> str:
    """Store and return the index version: a hash of the ready documents, the chunk settings and the embedder."""
    ready = [document for document in tables.list_documents(connection, base) if document.state == "ready"]
    content = {
        "documents": sorted((document.path, document.hash) for document in ready),
        "chunks": [CHUNK_SIZE, CHUNK_OVERLAP],
        "embedder": embedder,
    }
    version = content_hash(content)
    tables.upsert_base(connection, base, version, embedder, now())
    return version


def delete_document(connection: Connection, base: str, path: str) -> None:
    """Delete a document and its chunks. The caller must update the index version afterwards.

    Raises: NotFound if the base has no such document.
    """
    if not tables.delete_document(connection, base, path):
        paths = [document.path for document in tables.list_documents(connection, base)]
        raise NotFound(
            f"no document {path!r} in {base!r}", did_you_mean(path, paths, f"vong knowledge documents {base}")
        )
