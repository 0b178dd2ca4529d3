"""Provider for the built-in embedding models, which run in this process."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import build_embedding_response, parse_embedding_request

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BATCH_TEXTS = 256
"""Number of texts embedded before a cancelled call can stop."""


class EmbeddingModel(Protocol):
    """Model that embeds texts."""

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """Return vectors of shape (texts, dimensions)."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the number of tokens that the model reads of the texts."""
        ...


class LocalEmbeddingsProvider:
    """Embeddings computed in a thread of this process, so that other calls continue."""

    address = "local"
    endpoints = COMMON_ENDPOINTS

    def __init__(self, models: Mapping[str, EmbeddingModel]) -> None:
        self._models = dict(models)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Embed the texts of a request."""
        import numpy as np

        embedder = self._models.get(request.model)
        if embedder is None:
            listing = did_you_mean(request.model, list(self._models), "vong gateway models")
            raise NotFound(f"no local model named {request.model!r}", listing)
        if request.endpoint != "embeddings":
            raise InvalidInput(
                f"{request.model!r} is an embedding model and cannot chat", "send the request to /v1/embeddings"
            )
        embedding_request = parse_embedding_request(request.body)
        parts = [
            await asyncio.to_thread(embedder.embed, embedding_request.texts[start : start + BATCH_TEXTS])
            for start in range(0, len(embedding_request.texts), BATCH_TEXTS)
        ]
        vectors = np.concatenate(parts)
        if embedding_request.dimensions is not None and embedding_request.dimensions != vectors.shape[1]:
            hint = "remove dimensions"
            raise InvalidInput(
                f"{request.model!r} has {vectors.shape[1]} dimensions, not {embedding_request.dimensions}", hint
            )
        tokens = await asyncio.to_thread(embedder.count_tokens, embedding_request.texts)
        return ProviderResponse(
            200,
            msgspec.json.encode(
                build_embedding_response(request.model, vectors, embedding_request.encoding_format, tokens)
            ),
        )

    async def list_models(self) -> list[str]:
        """Return the names of the models."""
        return sorted(self._models)
