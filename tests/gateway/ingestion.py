"""Ingestion of documents in the process of a test, as the worker does it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, update

from vong.app.knowledge_embedders import get_minilm
from vong.errors import InvalidInput
from vong.knowledge.documents import COLUMNS, to_document
from vong.knowledge.index.chunkers import full_text
from vong.knowledge.index.indexes import ensure_live_index
from vong.knowledge.index.indexing import index_document
from vong.knowledge.loading import load_document
from vong.knowledge.tables import documents

from .conftest import Server

UNFINISHED = ("pending", "loading", "indexing")


def ingest(server: Server) -> int:
    """Index the pending documents of a project with the small model, and return their number."""
    embedder: Any = get_minilm(1)
    with server.platform.scope(server.project_id) as connection:
        rows = connection.execute(select(*COLUMNS).where(documents.c.state.in_(UNFINISHED))).mappings().all()
    for row in rows:
        document = to_document(row)
        with server.platform.scope(server.project_id) as connection:
            where = documents.c.id == document.id
            index = ensure_live_index(connection, document.base, embedder)
            if document.chunker:
                index = index.model_copy(update={"chunker": document.chunker})
            try:
                parsed = load_document(server.platform.blobs.get(document.blob), document.path)
            except InvalidInput as error:
                connection.execute(update(documents).where(where).values(state="failed", reason=str(error)))
                continue
            if connection.scalar(select(documents.c.id).where(where).with_for_update()) is None:
                continue
            index_document(connection, index, document, parsed, embedder)
            values = {"title": parsed.title, "characters": len(full_text(parsed)), "hash": document.blob}
            connection.execute(
                update(documents).where(where).values(state="ready", text_blob=document.blob, reason=None, **values)
            )
    return len(rows)


@contextmanager
def ingesting(server: Server) -> Generator[None]:
    """Index the pending documents of a project as they arrive."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            ingest(server)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(30)
