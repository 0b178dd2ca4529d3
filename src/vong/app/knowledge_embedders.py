"""Embedding models of knowledge indexes: the shipped ones, and any model behind the gateway."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.knowledge.index import indexes
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.embedders.e5 import DOCUMENT_PREFIX, QUERY_PREFIX, E5Embedder
from vong.knowledge.index.embedders.e5 import MODEL as E5_MODEL
from vong.knowledge.index.embedders.minilm import MODEL as MINILM_MODEL
from vong.knowledge.index.embedders.minilm import MiniLmEmbedder
from vong.knowledge.index.tables import KnowledgeIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_EMBEDDER = E5_MODEL
GATEWAY_BATCH_TEXTS = 64
"""Texts of one request to a model behind the gateway."""
GATEWAY_MAX_TOKENS = 512
"""Tokens of a passage for a model behind the gateway, whose maximum is not known: that of most embedding models."""


@dataclass(frozen=True)
class LiveIndex:
    """Live index of a base and its embedding model."""

    index: KnowledgeIndex
    embedder: Embedder


@cache
def get_minilm(threads: int) -> MiniLmEmbedder:
    """Return the English embedding model of this process, created once."""
    return MiniLmEmbedder(threads)


@cache
def get_e5(threads: int) -> E5Embedder:
    """Return the multilingual embedding model of this process, created once."""
    return E5Embedder(threads)


def find_embedder(platform: Platform, project_id: UUID, name: str = DEFAULT_EMBEDDER) -> Embedder:
    """Return the embedding model with a name or with the version that an index records.

    A name that is not that of a shipped model is one of the gateway.

    Raises: InvalidInput if the weights of a shipped model differ from those that embedded the index.
    """
    threads = platform.settings.cpu_threads
    model = name.partition("@")[0]
    if model not in (E5_MODEL, MINILM_MODEL):
        return GatewayEmbedder(platform, project_id, name)
    found: Embedder = get_e5(threads) if model == E5_MODEL else get_minilm(threads)
    if "@" in name and name != found.version:
        raise InvalidInput(
            f"the index was embedded by {name}, and this server has {found.version}",
            "build a new index of the knowledge base",
        )
    return found


class GatewayEmbedder:
    """Embedding model behind the gateway: a route, `deployment/NAME` or `PROVIDER/MODEL`.

    Calls are recorded and billed as those of any caller. A model of the E5 family gets the prefixes that it expects.
    """

    def __init__(self, platform: Platform, project_id: UUID, model: str) -> None:
        self.version = model
        self.max_tokens = GATEWAY_MAX_TOKENS
        self._platform = platform
        self._project_id = project_id
        is_e5 = re.search(r"(^|[^a-z0-9])e5([^a-z0-9]|$)", model.lower()) is not None
        self._prefixes = (QUERY_PREFIX, DOCUMENT_PREFIX) if is_e5 else ("", "")

    @property
    def dimension(self) -> int:
        """Return the length of a vector, from one call."""
        return self._dimension

    @cached_property
    def _dimension(self) -> int:
        return int(self.embed_queries(["dimension"]).shape[1])

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each query."""
        return self._embed([self._prefixes[0] + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each passage."""
        return self._embed([self._prefixes[1] + text for text in texts])

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Return estimates of the tokens of each text, by the tokenizer of the shipped multilingual model."""
        return get_e5(self._platform.settings.cpu_threads).token_counts(texts)

    def _embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        import numpy as np

        vectors: list[list[float]] = []
        with self._platform.client(self._project_id) as client:
            for start in range(0, len(texts), GATEWAY_BATCH_TEXTS):
                vectors += client.gateway.embed(texts[start : start + GATEWAY_BATCH_TEXTS], self.version)
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise InvalidInput(
                f"the embedding model {self.version!r} returned {len(vectors)} vectors for {len(texts)} texts",
                "use another embedding model",
            )
        found = np.array(vectors, dtype=np.float32).reshape(len(texts), -1)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def find_index_embedder(
    platform: Platform, connection: Connection, project_id: UUID, base: str, index: int | None = None
) -> Embedder:
    """Return the embedding model of an index; that of the live one without a number.

    Raises: NotFound if there is no such base or index.
    """
    return find_embedder(platform, project_id, indexes.get_index(connection, base, index).embedder)


def find_live_index(platform: Platform, connection: Connection, project_id: UUID, base: str) -> LiveIndex:
    """Return the live index of a base with its embedding model, to add documents. Creates the index of a new base."""
    index = indexes.find_live_index(connection, base)
    if index is not None:
        return LiveIndex(index, find_embedder(platform, project_id, index.embedder))
    embedder = find_embedder(platform, project_id)
    return LiveIndex(indexes.ensure_live_index(connection, base, embedder), embedder)
