"""Models that this very process runs: the embedding model that ships."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from vong.errors import InvalidInput, NotFound, nearest
from vong.gateway.providers.base import OPENAI, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import answer, wanted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BATCH = 256
"""Texts embedded before the event loop may leave a call whose caller has gone."""


class EmbeddingModel(Protocol):
    """A model that makes vectors."""

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """Vectors of shape (texts, dimensions)."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """How many tokens it reads of these texts."""
        ...


class LocalEmbeddingsProvider:
    """Embeddings computed here, in a thread, so that other calls go on."""

    address = "local"
    shapes = OPENAI

    def __init__(self, embedders: Mapping[str, EmbeddingModel]) -> None:
        self._embedders = dict(embedders)

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Embed the texts."""
        import numpy as np

        embedder = self._embedders.get(ask.model)
        if embedder is None:
            listing = nearest(ask.model, list(self._embedders), "vong gateway models")
            raise NotFound(f"no local model named {ask.model!r}", listing)
        if ask.shape != "embeddings":
            raise InvalidInput(f"{ask.model!r} makes embeddings, it does not chat", "send it to /v1/embeddings")
        asked = wanted(ask.body)
        parts = [
            await asyncio.to_thread(embedder.embed, asked.texts[start : start + BATCH])
            for start in range(0, len(asked.texts), BATCH)
        ]
        vectors = np.concatenate(parts)
        if asked.dimensions is not None and asked.dimensions != vectors.shape[1]:
            hint = "leave dimensions out"
            raise InvalidInput(f"{ask.model!r} makes {vectors.shape[1]} dimensions, not {asked.dimensions}", hint)
        tokens = await asyncio.to_thread(embedder.count_tokens, asked.texts)
        return ProviderResponse(200, msgspec.json.encode(answer(ask.model, vectors, asked.encoding_format, tokens)))

    async def models(self) -> list[str]:
        """The models."""
        return sorted(self._embedders)
