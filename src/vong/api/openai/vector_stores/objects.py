"""Objects of `/v1/vector_stores` in OpenAI's format."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vong.app.vector_store_search import StoreSearchResult
from vong.knowledge.vector_stores.stores import is_expired
from vong.records.vector_store import FileCounts, VectorStore, VectorStoreBatch, VectorStoreFile

DEFAULT_CHUNKING: Mapping[str, Any] = {"type": "other"}
"""Chunking strategy of a file that the knowledge base decides."""


def store_object(store: VectorStore) -> dict[str, Any]:
    """Return a vector store. `knowledge_base` is an addition of Vong."""
    expired = is_expired(store)
    status = "expired" if expired else "in_progress" if store.file_counts.in_progress else "completed"
    days = store.expires_after_days
    return {
        "id": store.tag,
        "object": "vector_store",
        "created_at": _unix_seconds(store.created_at),
        "name": store.name or "",
        "description": store.description,
        "usage_bytes": store.usage_bytes,
        "file_counts": counts_object(store.file_counts),
        "status": status,
        "expires_after": {"anchor": "last_active_at", "days": days} if days else None,
        "expires_at": _unix_seconds(store.expires_at),
        "last_active_at": _unix_seconds(store.last_active_at),
        "metadata": store.metadata,
        "knowledge_base": store.base,
    }


def file_object(file: VectorStoreFile) -> dict[str, Any]:
    """Return a file of a vector store."""
    chunking = {"type": "static", "static": file.chunking} if file.chunking else dict(DEFAULT_CHUNKING)
    return {
        "id": f"file-{file.file_id.hex}",
        "object": "vector_store.file",
        "usage_bytes": file.usage_bytes,
        "created_at": _unix_seconds(file.created_at),
        "vector_store_id": f"vs_{file.store_id.hex}",
        "status": file.status,
        "last_error": file.error.model_dump() if file.error else None,
        "chunking_strategy": chunking,
        "attributes": file.attributes,
        "filename": file.filename,
    }


def batch_object(batch: VectorStoreBatch) -> dict[str, Any]:
    """Return a batch of files."""
    counts = batch.file_counts
    status = "completed"
    if counts.in_progress:
        status = "in_progress"
    elif batch.cancelled_at is not None:
        status = "cancelled"
    elif counts.failed and not counts.completed:
        status = "failed"
    return {
        "id": batch.tag,
        "object": "vector_store.files_batch",
        "created_at": _unix_seconds(batch.created_at),
        "vector_store_id": f"vs_{batch.store_id.hex}",
        "status": status,
        "file_counts": counts_object(counts),
    }


def counts_object(counts: FileCounts) -> dict[str, int]:
    """Return numbers of files."""
    return {**counts.model_dump(), "total": counts.total}


def result_object(result: StoreSearchResult) -> dict[str, Any]:
    """Return a result of a search."""
    return {
        "file_id": result.file_tag,
        "filename": result.filename,
        "score": result.score,
        "attributes": result.attributes,
        "content": [{"type": "text", "text": result.text}],
    }


def _unix_seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None
