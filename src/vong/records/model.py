"""A version of a model: base weights, an adapter on them, or both merged."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record


class ModelVersion(Record):
    """Weights and all that is needed to use and to judge them.

    `hash` is the sha256 of the content: the sorted list of (file name, sha256 of the file). `files` maps each file
    name to the blob that holds it. `base` is the ref of the model below an adapter, `dataset` the ref of the dataset
    version that taught it, `run` the training run. `chat_template` is the Jinja text that turns messages into tokens.
    """

    name: str
    hash: str
    number: int
    kind: Literal["base", "adapter", "merged"]
    format: Literal["safetensors", "gguf"]
    files: dict[str, str]
    bytes: int
    licence: str | None = None
    chat_template: str | None = None
    base: str | None = None
    dataset: str | None = None
    run: UUID | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime

    @property
    def ref(self) -> str:
        """How people and programs name it: `triage@1f0c9a27b4de`."""
        return f"{self.name}@{self.hash[:12]}"
