"""Vector stores of OpenAI's API. A vector store is a knowledge base with a lifetime and files with attributes."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

AttributeValue = str | bool | int | float
"""Value of an attribute of a file, as OpenAI allows."""
VectorStoreFileStatus = Literal["in_progress", "completed", "cancelled", "failed"]


class FileCounts(Record):
    """Number of files in each status."""

    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """Return the number of all files."""
        return self.in_progress + self.completed + self.failed + self.cancelled


class VectorStore(Record):
    """Vector store. `base` is the name of its knowledge base, `chunking` its chunking strategy for new files."""

    id: UUID
    base: str
    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] = {}
    chunking: dict[str, Any] | None = None
    expires_after_days: int | None = None
    last_active_at: datetime
    created_at: datetime
    usage_bytes: int = 0
    file_counts: FileCounts = FileCounts()

    @property
    def tag(self) -> str:
        """Return the public id."""
        return f"vs_{self.id.hex}"

    @property
    def expires_at(self) -> datetime | None:
        """Return the time at which the store expires unless it is used before."""
        return self.last_active_at + timedelta(days=self.expires_after_days) if self.expires_after_days else None


class VectorStoreFileError(Record):
    """Reason why a file could not be indexed."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class VectorStoreFile(Record):
    """File of a vector store, and the document that it became. `document_id` is None if the file was cancelled."""

    store_id: UUID
    file_id: UUID
    document_id: UUID | None = None
    batch_id: UUID | None = None
    filename: str
    status: VectorStoreFileStatus
    usage_bytes: int = 0
    attributes: dict[str, AttributeValue] = {}
    chunking: dict[str, Any] | None = None
    error: VectorStoreFileError | None = None
    created_at: datetime


class VectorStoreBatch(Record):
    """Files that were added to a vector store together."""

    id: UUID
    store_id: UUID
    created_at: datetime
    cancelled_at: datetime | None = None
    file_counts: FileCounts = FileCounts()

    @property
    def tag(self) -> str:
        """Return the public id."""
        return f"vsfb_{self.id.hex}"
