"""Gateway namespace of the client: routes and model calls."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx

from vong import errors
from vong.client.guards import GuardsClient
from vong.client.transport import Transport, convert_connection_errors, iter_events, segment
from vong.records import Record, Route, RoutePolicy, RouteTarget, Usage
from vong.records.cache import CacheStats, ShadowTargetStats
from vong.records.limit import (
    LedgerBucket,
    LedgerBy,
    LedgerSummary,
    Limit,
    LimitCreate,
    LimitMetric,
    LimitState,
    LimitSubject,
    LimitWindow,
)
from vong.records.routing_tree import RouteNode
from vong.records.target_state import TargetsReport
from vong.records.usage_report import UsageBucket, UsageBy, UsageReport

if TYPE_CHECKING:
    from vong.client.batches import BatchesClient

ChatMessages = str | Sequence[Mapping[str, Any]]


class ChatAnswer(Record):
    """Answer of a model. `span_id` leads to its trace, versions and feedback."""

    text: str
    span_id: UUID
    trace_id: str
    model: str
    finish_reason: str | None = None
    usage: Usage = Usage()
    message: dict[str, Any] = {}


class ChatStream:
    """Streamed answer: an iterator over its text. `answer` is complete after the iteration."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._chunks: list[str] = []
        self._last_chunk: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._finish_reason: str | None = None

    def __iter__(self) -> Iterator[str]:
        try:
            with convert_connection_errors(str(self._response.request.url), is_call=True):
                yield from self._iter_texts()
        finally:
            self._response.close()

    def _iter_texts(self) -> Iterator[str]:
        for event in iter_events(self._response):
            if event.data == "[DONE]":
                continue
            chunk = json.loads(event.data)
            if "error" in chunk:
                raise errors.UpstreamFailed(
                    str(chunk["error"]["message"]), "the stream was interrupted; send the request again"
                )
            self._last_chunk = chunk
            self._usage = chunk.get("usage") or self._usage
            for choice in chunk["choices"][:1]:
                self._finish_reason = choice.get("finish_reason") or self._finish_reason
                text = _text_of((choice.get("delta") or {}).get("content"))
                if text:
                    self._chunks.append(text)
                    yield text

    @property
    def answer(self) -> ChatAnswer:
        """Return the received chunks as one answer."""
        message = {"role": "assistant", "content": "".join(self._chunks)}
        choices = [{"message": message, "finish_reason": self._finish_reason}]
        return _parse_answer(self._response, {**self._last_chunk, "choices": choices, "usage": self._usage})


class RankedText(NamedTuple):
    """Document of a rerank call: its position in the request, and its score between 0 and 1."""

    position: int
    score: float


class GatewayClient:
    """Routes to models, and calls through them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @cached_property
    def guards(self) -> GuardsClient:
        """Return the namespace for guards."""
        return GuardsClient(self._transport)

    def chat(
        self, model: str, messages: ChatMessages, *, headers: Mapping[str, str] | None = None, **params: Any
    ) -> ChatAnswer:
        """Call a model (a route, `deployment/NAME` or `PROVIDER/MODEL`) and return its complete answer.

        `messages` is a conversation in OpenAI's format, or one user message as text; `params` are OpenAI's parameters.
        A failed connection to the server is retried; a call that may have been sent is not.
        """
        body = {"model": model, "messages": _to_messages(messages), **params}
        response = self._post("/v1/chat/completions", body, headers)
        return _parse_answer(response, response.json())

    def stream(self, model: str, messages: ChatMessages, **params: Any) -> ChatStream:
        """Call a model and stream its answer."""
        body = {"model": model, "messages": _to_messages(messages), "stream": True, **params}
        body.setdefault("stream_options", {"include_usage": True})
        return ChatStream(self._transport.open_stream("POST", "/v1/chat/completions", json=body))

    def embed(self, texts: Sequence[str], model: str = "all-minilm-l6-v2") -> list[list[float]]:
        """Return one embedding per text."""
        response = self._post("/v1/embeddings", {"model": model, "input": list(texts)}, None).json()
        return [item["embedding"] for item in response["data"]]

    def rerank(self, query: str, documents: Sequence[str], model: str, *, top_n: int | None = None) -> list[RankedText]:
        """Return documents by falling relevance for a query, at most `top_n`."""
        body = {"model": model, "query": query, "documents": list(documents), "top_n": top_n}
        found = self._post(
            "/v1/rerank", {name: value for name, value in body.items() if value is not None}, None
        ).json()
        return [RankedText(item["index"], item["relevance_score"]) for item in found["results"]]

    def routes(self) -> list[Route]:
        """Return the project's routes."""
        all_routes: list[Route] = []
        while True:
            after = all_routes[-1].name if all_routes else ""
            page = self._transport.get("/api/v1/gateway/routes", list[Route], after=after, limit=500)
            all_routes += page
            if len(page) < 500:
                return all_routes

    def route(self, name: str) -> Route:
        """Return one route."""
        return self._transport.get(f"/api/v1/gateway/routes/{segment(name)}", Route)

    def set_route(
        self,
        name: str,
        targets: Mapping[str, float] | RouteNode,
        *,
        reason: str | None = None,
        **more: RoutePolicy | None,
    ) -> Route:
        """Create a route or replace its targets: `{"deployment/triage": 0.9, "echo/echo": 0.1}` (weights), or a tree.

        `more`: `policy`, for failures, cache and guards. Without `policy` the route keeps its own; None removes it.
        `reason` overrides a gate that rejects a new target, if its policy allows the caller's role.
        """
        body: dict[str, Any] = {
            name: policy.model_dump(mode="json", exclude_unset=True) if policy else None
            for name, policy in more.items()
        }
        if reason is not None:
            body["reason"] = reason
        if isinstance(targets, RouteNode):
            body["tree"] = targets.model_dump(mode="json", exclude_defaults=True)
        else:
            body["targets"] = [RouteTarget(model=key, weight=weight).dump() for key, weight in targets.items()]
        return self._transport.request("PUT", f"/api/v1/gateway/routes/{segment(name)}", Route, body=body)

    def delete_route(self, name: str) -> Route:
        """Delete a route."""
        return self._transport.request("DELETE", f"/api/v1/gateway/routes/{segment(name)}", Route)

    def route_history(self, name: str) -> list[dict[str, Any]]:
        """Return every version of a route, newest first."""
        return self._transport.get(f"/api/v1/gateway/routes/{segment(name)}/history", list[dict[str, Any]])

    def targets(self) -> TargetsReport:
        """Return the state of each target of each route, as seen by the server process that responds."""
        return self._transport.get("/api/v1/gateway/targets", TargetsReport)

    def providers(self, *, probe: bool = False) -> list[dict[str, Any]]:
        """Return every provider without its key; with `probe` also whether each is reachable."""
        return self._transport.get("/api/v1/gateway/providers", list[dict[str, Any]], probe=probe)

    def provider(self, name: str) -> dict[str, Any]:
        """Return one provider without its key."""
        return self._transport.get(f"/api/v1/gateway/providers/{segment(name)}", dict[str, Any])

    def set_provider(
        self, name: str, *, kind: str = "openai", base_url: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Create or update a provider.

        `more`: `api_key` (if omitted, the stored one stays; None removes it), `timeout` in seconds, `models` (listed
        instead of what the API itself lists).
        """
        body = {"kind": kind, "base_url": base_url, **more}
        path = f"/api/v1/gateway/providers/{segment(name)}"
        return self._transport.request("PUT", path, dict[str, Any], body=body)

    def delete_provider(self, name: str) -> dict[str, Any]:
        """Delete a stored provider with its secret."""
        return self._transport.request("DELETE", f"/api/v1/gateway/providers/{segment(name)}", dict[str, Any])

    def test_provider(self, name: str) -> dict[str, Any]:
        """Probe a provider by listing its models: `reachable`, `latency_ms`, `models`, `error`."""
        return self._transport.post(f"/api/v1/gateway/providers/{segment(name)}/test", dict[str, Any])

    def prices(self) -> list[dict[str, Any]]:
        """Return your custom prices by target, in US dollars per million tokens."""
        return self._transport.get("/api/v1/gateway/prices", list[dict[str, Any]])

    def set_price(self, target: str, *, input: float, output: float = 0.0, **more: float | None) -> dict[str, Any]:
        """Set the custom price of a target, in US dollars per million tokens.

        `more`: `cached`, `cache_write` and other token types; omitted ones cost as much as other input or output.
        """
        body = {"target": target, "input": input, "output": output, **more}
        return self._transport.request("PUT", "/api/v1/gateway/prices", dict[str, Any], body=body)

    def delete_price(self, target: str) -> dict[str, Any]:
        """Delete a custom price."""
        return self._transport.request("DELETE", "/api/v1/gateway/prices", dict[str, Any], params={"target": target})

    def usage(self, *, bucket: UsageBucket = "hour", by: UsageBy = "none", **period: Any) -> UsageReport:
        """Return calls, tokens, cost and latencies over time (`points`) and in total (`totals`).

        `period`: `since`, `until`.
        """
        return self._transport.get("/api/v1/gateway/usage", UsageReport, bucket=bucket, by=by, **period)

    def limits(self) -> list[LimitState]:
        """Return every limit and budget, with the usage of each of its subjects."""
        return self._transport.get("/api/v1/gateway/limits", list[LimitState])

    def set_limit(
        self, subject_type: LimitSubject, metric: LimitMetric, window: LimitWindow, amount: int, *, subject: str = "*"
    ) -> Limit:
        """Set a limit: at most `amount` of `metric` per `window`. Cost is in millionths of a US dollar."""
        limit = LimitCreate(subject_type=subject_type, subject=subject, metric=metric, window=window, amount=amount)
        return self._transport.request("PUT", "/api/v1/gateway/limits", Limit, body=limit)

    def delete_limit(self, id: UUID) -> Limit:
        """Delete a limit with its counters."""
        return self._transport.request("DELETE", f"/api/v1/gateway/limits/{segment(id)}", Limit)

    def ledger(
        self, *, by: LedgerBy = "none", bucket: LedgerBucket | None = None, **period: Any
    ) -> list[LedgerSummary]:
        """Return the usage in the ledger by group, with a `bucket` also over time; `period`: `since`, `until`."""
        return self._transport.get("/api/v1/gateway/ledger", list[LedgerSummary], by=by, bucket=bucket, **period)

    def cache(self) -> list[CacheStats]:
        """Return response cache statistics per route."""
        return self._transport.get("/api/v1/gateway/cache", list[CacheStats])

    def clear_cache(self, route: str | None = None) -> int:
        """Delete the cached responses of a route, or all, and return their number."""
        path, params = "/api/v1/gateway/cache", {"route": route}
        return int(self._transport.request("DELETE", path, dict[str, Any], params=params)["deleted"])

    def shadow_results(self, **filters: Any) -> list[dict[str, Any]]:
        """Return shadow results with their spans, newest first.

        `filters`: `route`, `kind` (shadow, cache), `after`, `limit`.
        """
        return self._transport.get("/api/v1/gateway/shadow/results", list[dict[str, Any]], **filters)

    def shadow_summary(self, **filters: Any) -> list[ShadowTargetStats]:
        """Return summaries of shadow results by route, target and kind; `filters`: `route`, `kind`."""
        return self._transport.get("/api/v1/gateway/shadow/summary", list[ShadowTargetStats], **filters)

    @cached_property
    def batches(self) -> "BatchesClient":
        """Return the namespace for batches."""
        from vong.client.batches import BatchesClient

        return BatchesClient(self._transport)

    def models(self) -> list[str]:
        """Return all model names that can be called."""
        return [item["name"] for item in self._transport.get("/api/v1/gateway/models", list[dict[str, Any]])]

    def _post(self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None) -> httpx.Response:
        """Send a call. Only a failed connection is retried, because a call that was sent may have been processed."""
        return self._transport.call("POST", path, json=body, headers=headers, timeout=httpx.Timeout(30, read=600))


def _to_messages(messages: ChatMessages) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return [dict(message) for message in messages]


def _parse_answer(response: httpx.Response, body: dict[str, Any]) -> ChatAnswer:
    choice = body["choices"][0] if body.get("choices") else {}
    message, usage = choice.get("message") or {}, body.get("usage") or {}
    return ChatAnswer(
        text=_text_of(message.get("content")),
        span_id=UUID(response.headers["x-vong-span-id"]),
        trace_id=response.headers["x-vong-trace-id"],
        model=body.get("model") or "",
        finish_reason=choice.get("finish_reason"),
        usage=Usage(input_tokens=usage.get("prompt_tokens"), output_tokens=usage.get("completion_tokens")),
        message=message,
    )


def _text_of(content: Any) -> str:
    """Return the text of a content, which is a text or a list of parts."""
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))
