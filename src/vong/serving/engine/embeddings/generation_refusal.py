"""Answers of an engine that generates no text to requests that only generating engines answer."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from vong.embedding_models import EmbeddingTask
from vong.errors import InvalidInput, Unsupported
from vong.serving.engine import GenerationChunk, GenerationRequest


class GenerationRefusal:
    """Base of the engines of embedding and rerank models."""

    task: EmbeddingTask
    precision: str = "fp32"

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Reject adapters.

        Raises: InvalidInput if a folder is set.
        """
        if folder is not None:
            raise InvalidInput(f"the adapter {name!r} cannot be served with an embedding model", "merge it first")

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Raise Unsupported: the model generates no text."""
        del request
        raise self._refusal("generates no text")
        yield GenerationChunk()

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        """Raise Unsupported: the model has no chat template."""
        del adapter, messages, tools
        raise self._refusal("has no chat template")

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Raise Unsupported: the model generates no tokens."""
        del adapter, ids, positions, top
        raise self._refusal("has no log-probabilities")

    def _refusal(self, reason: str) -> Unsupported:
        path = "/v1/embeddings" if self.task == "embedding" else "/v1/rerank"
        return Unsupported(f"the model {reason}", f"send the request to {path}")
