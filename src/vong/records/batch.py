"""Files of calls, and batches that make them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

BatchStatus = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
]


class StoredFile(Record):
    """A file that was uploaded, or that a batch wrote. `actor` is the key or the person whose it is."""

    id: UUID
    filename: str
    purpose: Literal["batch", "batch_output"]
    bytes: int
    actor: str
    created_at: datetime
    expires_at: datetime | None = None


class BatchInputError(Record):
    """What is wrong with a batch's input: with a `line` of it (the first is 1), or with the whole."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class Batch(Record):
    """Calls that nobody waits for, one in each line of a file. `completed` and `failed` ones are of `total`.

    `input_tokens`, `output_tokens` and `cost` (in millionths of a US dollar, of the calls whose price is known; null
    where none is) are what the ledger has of its calls so far.
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
        """The tag of its calls, and its id as OpenAI's clients know it."""
        return f"batch_{self.id.hex}"
