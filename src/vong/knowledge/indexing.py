"""Indexing of files in a knowledge base."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, insert

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.knowledge import tables
from vong.knowledge.index.chunkers import full_text
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexes import ensure_live_index, find_live_index
from vong.knowledge.index.indexing import index_document
from vong.knowledge.loading import load_document
from vong.records import Document, content_hash, new_id, now

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed: TypeAlias = Callable[[Sequence[str]], "NDArray[np.float32]"]


def index_file(connection: Connection, base: str, path: str, content: bytes, embedder: Embedder) -> Document:
    """Load, chunk, embed and store one file under its path. An unchanged file is not indexed again.

    An unreadable file becomes a document in state `failed` with the reason, unless an earlier version of the file is
    stored: that version is kept.
    """
    digest = hashlib.sha256(content).hexdigest()
    earlier = {document.path: document for document in tables.list_documents(connection, base)}.get(path)
    if earlier and earlier.hash == digest and earlier.state == "ready":
        return earlier
    document = Document(
        id=new_id(),
        base=base,
        path=path,
        hash=digest,
        blob=digest,
        title=path,
        state="failed",
        created_at=now(),
        updated_at=now(),
    )
    try:
        parsed = load_document(content, path)
    except InvalidInput as error:
        document = document.model_copy(update={"reason": str(error)})
        if earlier is None or earlier.state == "failed":
            tables.delete_document(connection, base, path)
            connection.execute(insert(tables.documents).values(document.model_dump()))
        return document
    ready = {
        "state": "ready",
        "title": parsed.title,
        "media_type": parsed.media_type,
        "characters": len(full_text(parsed)),
    }
    document = document.model_copy(update=ready)
    tables.delete_document(connection, base, path)
    connection.execute(insert(tables.documents).values(document.model_dump()))
    index = ensure_live_index(connection, base, embedder)
    return document.model_copy(update={"chunks": index_document(connection, index, document, parsed, embedder)})


def update_index_version(connection: Connection, base: str, embedder: str = "") -> str:
    """Store and return the index version: a hash of the ready documents and the chunker and embedder of the index."""
    ready = [document for document in tables.list_documents(connection, base) if document.state == "ready"]
    index = find_live_index(connection, base)
    content = {
        "documents": sorted((document.path, document.hash) for document in ready),
        "chunks": index.chunker if index else {},
        "embedder": index.embedder if index else embedder,
    }
    version = content_hash(content)
    tables.upsert_base(connection, base, version, str(content["embedder"]), now())
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
