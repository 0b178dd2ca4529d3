"""Batches of model calls and their files."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

FilePurpose = Literal["batch", "batch_output", "user_data", "assistants", "fine-tune", "fine-tune-results"]
"""Use of a file: input or result of a batch, part of a message, document of a vector store, or fine-tuning."""
BatchStatus = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
]
FINAL_STATUSES: frozenset[BatchStatus] = frozenset({"failed", "completed", "expired", "cancelled"})


class StoredFile(Record):
    """File that was uploaded or written by a batch.

    `actor` is the key or the user that owns the file."""

    id: UUID
    filename: str
    purpose: FilePurpose
    bytes: int
    actor: str
    created_at: datetime
    expires_at: datetime | None = None


class BatchInputError(Record):
    """Error in the input of a batch: in one `line` (counted from 1), or in the whole file."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class Batch(Record):
    """Batch of model calls, one per line of the input file. `completed` and `failed` are counts out of `total`.

    `input_tokens`, `output_tokens` and `cost` are the sums of the ledger so far. `cost` is in millionths of a US dollar
    and covers the calls whose price is known; null if no price is known.
    """

    id: UUID
    endpoint: str
    status: BatchStatus
    actor: str
    window: str
    input_file: UUID
    output_file: UUID | None = None
    error_file: UUID | None = None
    metadata: dict[str, Any] | None = None
    errors: tuple[BatchInputError, ...] | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int | None = None
    created_at: datetime
    expires_at: datetime
    in_progress_at: datetime | None = None
    finalizing_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    expired_at: datetime | None = None
    cancelling_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def tag(self) -> str:
        """Return the tag of the calls of the batch, which is also its id for OpenAI clients."""
        return f"batch_{self.id.hex}"
