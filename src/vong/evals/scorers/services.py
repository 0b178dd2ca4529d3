"""Services that scorers call: a model, an embedding model, and the log-probabilities of a local model."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from vong.errors import Misconfigured
from vong.evals.model_output import ModelOutput
from vong.evals.scorers.base import MetricValue, ScorerInput
from vong.records import Message


class ScorerServices(Protocol):
    """Calls of a scorer to models. `build_scorers(specs, services=...)` passes them to the scorers that take them."""

    def complete(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        """Return the answer of a route, deployment or model. A failure is a `ModelOutput` with `error`."""
        ...

    def embed(self, texts: Sequence[str], model: str = "") -> Sequence[Sequence[float]]:
        """Return one vector of length 1 for each text. Without a model, the local embedding model computes them."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> "Sequence[TokenVectors]":
        """Return the tokens of each text with their vectors, computed by the local embedding model."""
        ...

    def log_probabilities(self, model: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return the natural log-probability of each token of each text but the first, computed by a local model."""
        ...

    def judge(self, ref: str, scored: ScorerInput) -> dict[str, MetricValue]:
        """Return the metrics of an output by the judge `NAME` or `NAME@VERSION`."""
        ...


class TokenVectors(Protocol):
    """Tokens of one text, one vector of length 1 for each, shape [n, d], and weights.

    The weight is 1, and 0 for the tokens that mark the ends of the text.
    """

    @property
    def tokens(self) -> Sequence[str]:
        """Return the tokens."""
        ...

    @property
    def vectors(self) -> Any:
        """Return the vectors."""
        ...

    @property
    def weights(self) -> Any:
        """Return the weights."""
        ...


class NoServices:
    """Services of a place without models, such as the totals of a stored run: every call raises Misconfigured."""

    def complete(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        """Raise Misconfigured."""
        del messages, params
        raise _no_services(f"model {model!r}")

    def embed(self, texts: Sequence[str], model: str = "") -> Sequence[Sequence[float]]:
        """Raise Misconfigured."""
        del texts
        raise _no_services(f"embedding model {model!r}" if model else "the local embedding model")

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[TokenVectors]:
        """Raise Misconfigured."""
        del texts
        raise _no_services("the local embedding model")

    def log_probabilities(self, model: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Raise Misconfigured."""
        del texts
        raise _no_services(f"model {model!r}")

    def judge(self, ref: str, scored: ScorerInput) -> dict[str, MetricValue]:
        """Raise Misconfigured."""
        del scored
        raise _no_services(f"the judge {ref!r}")


def _no_services(needed: str) -> Misconfigured:
    return Misconfigured(
        f"the scorer needs {needed}, and no services were given to it",
        "use it in an evaluation run (vong evals run) or with vong evals score",
    )


NO_SERVICES: ScorerServices = NoServices()
"""Default of scorers that take services."""
