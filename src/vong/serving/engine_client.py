"""HTTP client of an engine process, for the reconciler and the parity check."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vong.errors import InvalidInput, UpstreamFailed, error_message, parse_error

if TYPE_CHECKING:
    import httpx


LOW_PRIORITY = {"x-vong-priority": "low"}
"""Header of calls that wait behind those of people."""


class EngineClient:
    """Client of one engine.

    Raises: InvalidInput if the engine rejects a request; UpstreamFailed if it fails or is unreachable.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 120.0) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False, verify=False)

    def health(self, *, generate: bool = False, timeout: float = 5.0) -> dict[str, Any]:
        """Return state (`loading`, `ready`, `failed`), served models and load of the engine.

        With `generate`, an idle engine generates one token.
        """
        return self._request("GET", "/health?generate=1" if generate else "/health", timeout=timeout)

    def serve(self, name: str, folder: str | None, defaults: dict[str, Any] | None = None) -> None:
        """Serve the adapter in a folder, or the base model, under a name, with the defaults of its requests."""
        self._request("POST", "/adapters", body={"name": name, "folder": folder, "defaults": defaults or {}})

    def stop_serving(self, name: str) -> None:
        """Stop serving a name."""
        self._request("DELETE", f"/adapters/{name}")

    def tokenize(self, name: str, messages: list[dict[str, Any]]) -> list[int]:
        """Return the token ids of a conversation by the chat template of the served model."""
        return self._request("POST", "/tokenize", body={"model": name, "messages": messages})["ids"]

    def tokenize_text(self, name: str, text: str) -> list[int]:
        """Return the token ids of a text, without a chat template."""
        return self._request("POST", "/tokenize", body={"model": name, "prompt": text})["ids"]

    def complete_text(self, name: str, text: str, max_tokens: int) -> str:
        """Return the continuation of a text that the served model generates at temperature 0."""
        body = {"model": name, "prompt": text, "max_tokens": max_tokens, "temperature": 0.0}
        return self._request("POST", "/v1/completions", body=body)["choices"][0]["text"]

    def logprobs(self, name: str, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return the `top` most likely next tokens with log-probabilities after each of the last prefixes of `ids`."""
        body = {"model": name, "ids": ids, "positions": positions, "top": top}
        results: list[list[tuple[int, float]]] = self._request("POST", "/logprobs", body=body)["positions"]
        return [{token: score for token, score in position} for position in results]

    def embed(self, name: str, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of texts, of which long ones are truncated."""
        body = {"model": name, "input": list(texts), "truncate": True}
        return [item["embedding"] for item in self._request("POST", "/v1/embeddings", body=body)["data"]]

    def rerank(self, name: str, query: str, documents: Sequence[str]) -> list[float]:
        """Return the score of each document for a query."""
        body = {"model": name, "query": query, "documents": list(documents)}
        results = self._request("POST", "/v1/rerank", body=body)["results"]
        return [item["relevance_score"] for item in sorted(results, key=lambda item: item["index"])]

    def complete(self, name: str, messages: list[dict[str, Any]], max_tokens: int) -> str:
        """Return the text that the served model generates at temperature 0."""
        body = {"model": name, "messages": messages, "max_tokens": max_tokens, "temperature": 0.0}
        answer = self._request("POST", "/v1/chat/completions", body=body)
        return answer["choices"][0]["message"]["content"] or ""

    def chat(self, body: dict[str, Any]) -> "httpx.Response":
        """Return the response to a chat completion, which waits behind those of people.

        Raises: UpstreamFailed if the engine is unreachable. Other failures are in the response.
        """
        from httpx import HTTPError

        try:
            return self._http.post("/v1/chat/completions", json=body, headers=LOW_PRIORITY)
        except HTTPError as error:
            message = f"the engine is unreachable ({type(error).__name__})"
            raise UpstreamFailed(message, "see: vong serving logs NAME") from error

    def metrics(self) -> str:
        """Return the metrics of the server that the engine runs, in Prometheus' format."""
        return self._send("GET", "/metrics").text

    def read_log(self, lines: int) -> list[str]:
        """Return the last lines of the log of the engine process."""
        return list(self._request("GET", f"/log?lines={lines}", timeout=10.0)["lines"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "EngineClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, timeout: float | None = None
    ) -> Any:
        return self._send(method, path, body=body, timeout=timeout).json()

    def _send(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, timeout: float | None = None
    ) -> "httpx.Response":
        from httpx import HTTPError

        options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        try:
            response = self._http.request(method, path, json=body, **options)
        except HTTPError as error:
            message = f"the engine is unreachable ({type(error).__name__})"
            raise UpstreamFailed(message, "see: vong serving logs NAME") from error
        if response.status_code < 400:
            return response
        message = error_message(parse_error(response.content)) or response.text[:400]
        if response.status_code < 500:
            raise InvalidInput(message)
        raise UpstreamFailed(message, "see: vong serving logs NAME")
