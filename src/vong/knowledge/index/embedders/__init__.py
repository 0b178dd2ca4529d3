"""Embedding models: the interface, and the models that ship with the product."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Embedding model of texts. Queries and passages may be embedded differently."""

    @property
    def version(self) -> str:
        """Return the name of the model and a digest of its weights, as recorded in an index."""
        ...

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Return the number of tokens of a passage that the model reads."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each query."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each passage."""
        ...

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without the tokens that mark the ends and without truncation."""
        ...
