"""Put a file into a knowledge base."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection

from vong.errors import InvalidInput, NotFound, nearest
from vong.knowledge import tables
from vong.knowledge.chunking import CHUNK_OVERLAP, CHUNK_SIZE, chunk, full_text
from vong.knowledge.loaders import MEDIA_TYPES, load, loader_name
from vong.records import Chunk, Document, content_hash, new_id, now

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed: TypeAlias = Callable[[Sequence[str]], "NDArray[np.float32]"]


def index_file(connection: Connection, base: str, path: str, content: bytes, embed: Embed) -> Document:
    """Load, cut, embed and store one file under its path; an unchanged file is left as it is.

    A file that cannot be read becomes a document in state `failed` with the reason: it is seen, not lost, and an
    earlier good version of it stays in place.
    """
    digest = hashlib.sha256(content).hexdigest()
    earlier = {document.path: document for document in tables.list_documents(connection, base)}.get(path)
    if earlier and earlier.hash == digest and earlier.state == "ready":
        return earlier
    document = Document(
        id=new_id(), base=base, path=path, hash=digest, media_type="", title=path, state="failed", created_at=now()
    )
    try:
        document = document.model_copy(update={"media_type": MEDIA_TYPES.get(loader_name(path), "")})
        text = load(content, path)
    except InvalidInput as error:
        document = document.model_copy(update={"reason": str(error)})
        if earlier is None or earlier.state == "failed":
            import numpy as np

            tables.put_document(connection, document, [], np.zeros((0, 0), dtype=np.float32))
        return document
    pieces = chunk(text)
    # The heading goes into the vector too: "Limits" alone says little, "Refunds > Limits" says where one is.
    vectors = embed([f"{text.title}\n{piece.heading}\n{piece.text}" for piece in pieces])
    chunks = [
        Chunk(
            id=new_id(),
            document_id=document.id,
            position=position,
            text=piece.text,
            heading=piece.heading,
            start=piece.start,
            end=piece.end,
        )
        for position, piece in enumerate(pieces)
    ]
    ready = {"state": "ready", "title": text.title, "chunks": len(chunks), "characters": len(full_text(text))}
    document = document.model_copy(update=ready)
    tables.put_document(connection, document, chunks, vectors)
    return document


def index_version(connection: Connection, base: str, embedder: str) -> str:
    """Name the base's present content by a hash of its documents, the chunk settings and the embedder, and store it."""
    ready = [document for document in tables.list_documents(connection, base) if document.state == "ready"]
    content = {
        "documents": sorted((document.path, document.hash) for document in ready),
        "chunks": [CHUNK_SIZE, CHUNK_OVERLAP],
        "embedder": embedder,
    }
    version = content_hash(content)
    tables.put_base(connection, base, version, embedder, now())
    return version


def remove_document(connection: Connection, base: str, path: str) -> None:
    """Delete a document and its passages. The base's index version must be made anew after it."""
    if not tables.drop_document(connection, base, path):
        paths = [document.path for document in tables.list_documents(connection, base)]
        raise NotFound(f"no document {path!r} in {base!r}", nearest(path, paths, f"vong knowledge documents {base}"))
