"""Models that scorers call: judges, embedding models, and log-probabilities of local models."""

from collections.abc import Mapping, Sequence
from typing import Any

from vong.app.caller_client import CallerClient, CallerContext
from vong.app.chat_client import JOB_TAG, LOW_PRIORITY, describe_failure
from vong.app.judge_calls import JudgeCalls
from vong.app.knowledge import get_embedder
from vong.app.platform import Platform
from vong.errors import InvalidInput, UpstreamFailed
from vong.evals import ModelOutput
from vong.evals.scorers import MetricValue, ScorerInput
from vong.knowledge.index.embedders.minilm import EmbeddedTokens
from vong.records import Message

REQUEST_TIMEOUT_SECONDS = 600.0
HEADERS = {**LOW_PRIORITY, "x-vong-tags": JOB_TAG}


class PlatformScorerServices:
    """Services of the scorers of one job or request. Calls are made with the caller's key and are recorded as spans."""

    def __init__(self, platform: Platform, job: CallerContext, *, caller: CallerClient | None = None) -> None:
        """Call models with the client `caller`, or with one of its own."""
        self._platform = platform
        self._caller = caller or CallerClient(platform, job)
        self._judges = JudgeCalls(platform, job, caller=self._caller)

    def complete(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        """Return the answer of a route, deployment or model."""
        return self._judges.complete(model, messages, params)

    def judge(self, ref: str, scored: ScorerInput) -> dict[str, MetricValue]:
        """Return the metrics of an output by a judge."""
        return self._judges.score(ref, scored)

    def embed(self, texts: Sequence[str], model: str = "") -> Sequence[Sequence[float]]:
        """Return vectors of length 1: of the local model, or of a model at `/v1/embeddings`."""
        if not model:
            return get_embedder(self._platform.settings.cpu_threads).embed(texts).tolist()
        body = self._post("/v1/embeddings", {"model": model, "input": list(texts)})
        rows = sorted(body["data"], key=lambda row: row["index"])
        return [_to_unit(row["embedding"]) for row in rows]

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[EmbeddedTokens]:
        """Return the tokens of texts with their vectors, by the local model."""
        return get_embedder(self._platform.settings.cpu_threads).embed_tokens(texts)

    def log_probabilities(self, model: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return the log-probabilities of the tokens of texts but the first.

        Raises: InvalidInput if the model returns no log-probabilities of prompts.
        """
        fields = {"echo": True, "logprobs": 0, "max_tokens": 0, "temperature": 0}
        body = self._post("/v1/completions", {"model": model, "prompt": list(texts), **fields})
        choices = sorted(body["choices"], key=lambda choice: choice["index"])
        scores = [score for choice in choices if (score := (choice.get("logprobs") or {}).get("token_logprobs"))]
        if len(scores) != len(texts):
            raise InvalidInput(
                f"model {model!r} returns no log-probabilities of prompts", "use a deployment of a local model"
            )
        return [[float(value) for value in score if value is not None] for score in scores]

    def close(self) -> None:
        """Delete the delegated keys."""
        self._judges.close()
        self._caller.close()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the decoded response.

        Raises: InvalidInput for a request that the model refuses; UpstreamFailed if it fails.
        """
        from httpx import TransportError

        try:
            response = self._caller.http.post(path, json=body, headers=HEADERS, timeout=REQUEST_TIMEOUT_SECONDS)
        except TransportError as error:
            raise UpstreamFailed(f"the server is unreachable: {type(error).__name__}", "run it again") from error
        if response.status_code >= 500 or response.status_code == 429:
            raise UpstreamFailed(f"model {body['model']!r} failed: {describe_failure(response)}", "run it again")
        if response.status_code >= 400:
            raise InvalidInput(f"model {body['model']!r} refused the scorer's request: {describe_failure(response)}")
        return response.json()


def _to_unit(vector: Sequence[float]) -> list[float]:
    norm = sum(value * value for value in vector) ** 0.5
    return [value / norm if norm else 0.0 for value in vector]
