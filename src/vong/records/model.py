"""Model version: base weights, an adapter, or both merged."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

REWARD_TASK = "reward"
"""Value of the metadata field `task` of a reward model."""


class ModelVersion(Record):
    """Model weights with the metadata that is needed to use and evaluate them.

    `hash` is the sha256 of the content: the sorted list of (file name, sha256 of the file). `files` maps a file name to
    its blob. `base` is the ref of the base model of an adapter, `dataset` the ref of the dataset version that trained
    the model, `run` the training run. `chat_template` is the Jinja template that renders messages for the tokenizer.
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
    def datasets(self) -> tuple[str, ...]:
        """Return the refs of all dataset versions that the model was trained on."""
        mixed = self.metadata.get("datasets")
        refs = [part["dataset"] for part in mixed] if isinstance(mixed, list) else []
        return tuple(dict.fromkeys([*([self.dataset] if self.dataset else []), *refs]))

    @property
    def ref(self) -> str:
        """Return the reference of the version: `triage@1f0c9a27b4de`."""
        return f"{self.name}@{self.hash[:12]}"

    @property
    def embedding_task(self) -> Literal["embedding", "rerank"] | None:
        """Return what a model that generates no text computes: vectors of texts, or scores of documents."""
        task = self.metadata.get("task")
        return task if task in ("embedding", "rerank") else None

    @property
    def is_reward_model(self) -> bool:
        """Return True if the model returns scores instead of text."""
        return self.metadata.get("task") == REWARD_TASK
