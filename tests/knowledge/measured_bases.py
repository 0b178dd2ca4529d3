"""Bases with a fake embedding model, and the contexts of jobs, for tests of index versions and evaluations."""

import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from vong.app.platform import Platform
from vong.errors import JobCancelled
from vong.jobs import JobContext
from vong.knowledge.documents import store_document
from vong.knowledge.index.indexes import ensure_live_index
from vong.knowledge.ingestion import finish, prepare
from vong.knowledge.loading import ParsedDocument, Section, encode_parsed
from vong.records import Document, Job, new_id

BASE = "handbook"


class WordEmbedder:
    """Embedder of texts by the hashes of their words. `shift` makes another model with the same interface."""

    dimension = 64
    max_tokens = 512

    def __init__(self, name: str = "words", shift: int = 0) -> None:
        self.version = f"{name}@1"
        self.shift = shift
        self.embedded: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._embed(text) for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return np.stack([self._embed(text) for text in texts]) if texts else np.zeros((0, 64), dtype=np.float32)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def _embed(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in text.lower().split():
            vector[(zlib.crc32(word.encode()) + self.shift) % self.dimension] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def add_document(platform: Platform, connection: Connection, path: str, text: str, embedder: WordEmbedder) -> Document:
    """Add a document to the live index as the ingestion does."""
    document = store_document(connection, BASE, path, platform.blobs.put(text.encode()))
    index = ensure_live_index(connection, BASE, embedder, {"kind": "structure", "tokens": 64, "overlap": 0})
    parsed = ParsedDocument(path, (Section(path, text),), language="en")
    text_blob = platform.blobs.put(encode_parsed(parsed))
    finish(connection, index, document, parsed, text_blob, prepare(index, document, parsed, embedder))
    return document


def job_context(
    platform: Platform,
    project_id: UUID,
    job: Job | None = None,
    *,
    params: dict[str, Any] | None = None,
    stop_after: int | None = None,
    on_progress: Callable[[], None] = lambda: None,
) -> JobContext:
    """Return the context of a job, which is asked to stop after some reports of its progress."""
    reports: list[float] = []
    log: list[str] = []

    def progress(done: float, *_: Any, **__: Any) -> None:
        if stop_after is not None and len(reports) >= stop_after:
            raise JobCancelled("stop")
        reports.append(done)
        on_progress()

    folder = Path(platform.settings.home_folder) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    context = SimpleNamespace(
        id=job.id if job else new_id(),
        project_id=project_id,
        params=params if params is not None else job.params if job else {},
        folder=folder,
        stop_event=threading.Event(),
        is_cancelled=False,
        check=lambda: None,
        progress=progress,
        log=log.append,
        lines=log,
        reports=reports,
        step=lambda name, function: function(),
    )
    return cast(JobContext, context)
