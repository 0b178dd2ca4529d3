"""Services of an answer: retrieval, model calls, embeddings, judge and spans, connected in `vong.app`."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from vong.knowledge.answer.thresholds import EmbedderThresholds
from vong.records import Message, RetrievedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class StepSpan(Protocol):
    """Span of one step of an answer."""

    def set(self, *, input: Any = None, output: Any = None, **attributes: Any) -> None:
        """Set the input, the output and attributes of the span."""
        ...


class AnswerServices(Protocol):
    """Connections of an answer to the index, to models and to the traces."""

    @property
    def index_version(self) -> str:
        """Return the index version that is searched."""
        ...

    @property
    def thresholds(self) -> EmbedderThresholds:
        """Return the thresholds of the embedding model of the index."""
        ...

    @property
    def context_tokens(self) -> int | None:
        """Return the context of the model in tokens, or None if it is unknown."""
        ...

    @property
    def call_span_id(self) -> UUID | None:
        """Return the span of the last streamed model call."""
        ...

    def step(self, name: str, kind: str = "other") -> AbstractContextManager[StepSpan]:
        """Record a step of the answer as a span."""
        ...

    def retrieve(self, query: str, limit: int) -> list[RetrievedPassage]:
        """Return the passages that match a query, best first."""
        ...

    def coverage(self, question: str, passages: Sequence[RetrievedPassage]) -> float:
        """Return the share of the words of a question in the passages, in 0..1."""
        ...

    def complete(self, messages: Sequence[Message], max_tokens: int, model: str | None = None) -> str:
        """Return the answer of a model. Raises: the error of the call, with the name of the model."""
        ...

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """Yield the parts of the answer of the model. Raises: the error of the call, with the name of the model."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of messages for the model."""
        ...

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return vectors of length 1 of the embedding model of the index."""
        ...

    def find_instructions(self, texts: Sequence[str]) -> list[bool]:
        """Check for each text if it tries to give instructions to a model."""
        ...

    def judge(self, judge: str, sentence: str, passage: str) -> float | None:
        """Return the score of a calibrated judge for a sentence given a passage, or None without a verdict."""
        ...
