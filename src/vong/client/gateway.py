"""The client's `gateway` namespace: routes, and model calls."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import httpx

from vong import errors
from vong.client.guards import Guards
from vong.client.transport import Transport, raise_for_error
from vong.records import Record, Route, RoutePolicy, RouteTarget, Usage
from vong.records.cache import CacheStats, ShadowTargetStats
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary, Limit, LimitCreate, LimitState, On, Per, What
from vong.records.routing_tree import RouteNode
from vong.records.target_state import TargetsReport
from vong.records.usage_report import Bucket, UsageBy, UsageReport

if TYPE_CHECKING:
    from vong.client.batches import Batches

Messages = str | Sequence[Mapping[str, Any]]


class ChatAnswer(Record):
    """A model's answer. `span_id` is where its trace, its versions and its feedback hang."""

    text: str
    span_id: UUID
    trace_id: str
    model: str
    finish_reason: str | None = None
    usage: Usage = Usage()
    message: dict[str, Any] = {}


class ChatStream:
    """A streamed answer: iterate over it for the text, piece by piece. `answer` is whole when the iteration ended."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._pieces: list[str] = []
        self._last: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._finish: str | None = None

    def __iter__(self) -> Iterator[str]:
        for line in self._response.iter_lines():
            if not line.startswith("data:") or line.endswith("[DONE]"):
                continue
            chunk = json.loads(line[5:])
            if "error" in chunk:
                raise errors.UpstreamFailed(str(chunk["error"]["message"]), "the stream broke off; ask again")
            self._last = chunk
            self._usage = chunk.get("usage") or self._usage
            for choice in chunk["choices"][:1]:
                self._finish = choice.get("finish_reason") or self._finish
                piece = choice["delta"].get("content")
                if piece:
                    self._pieces.append(piece)
                    yield piece

    @property
    def answer(self) -> ChatAnswer:
        """What came, as one answer."""
        message = {"role": "assistant", "content": "".join(self._pieces)}
        choices = [{"message": message, "finish_reason": self._finish}]
        return _answer(self._response, {**self._last, "choices": choices, "usage": self._usage})


class GatewayClient:
    """Routes to models, and calls through them."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    @cached_property
    def guards(self) -> Guards:
        """Guards over all calls of the project."""
        return Guards(self._send)

    def chat(
        self, model: str, messages: Messages, *, headers: Mapping[str, str] | None = None, **params: Any
    ) -> ChatAnswer:
        """Ask a model (a route, `deployment/NAME` or `PROVIDER/MODEL`) and wait for its whole answer.

        `messages` is a conversation in OpenAI's shape, or one user message as text; `params` are OpenAI's parameters.
        A server that restarts is waited for, as long as nothing was sent to it yet.
        """
        body = {"model": model, "messages": _conversation(messages), **params}
        response = self._post("/v1/chat/completions", body, headers)
        return _answer(response, response.json())

    def stream(self, model: str, messages: Messages, **params: Any) -> ChatStream:
        """Ask a model and read its answer while it is made."""
        body = {"model": model, "messages": _conversation(messages), "stream": True, **params}
        body.setdefault("stream_options", {"include_usage": True})
        request = self._send.http.build_request("POST", "/v1/chat/completions", json=body)
        response = self._send.http.send(request, stream=True)
        if response.status_code >= 400:
            response.read()
            raise_for_error(response)
        return ChatStream(response)

    def embed(self, texts: Sequence[str], model: str = "all-minilm-l6-v2") -> list[list[float]]:
        """One vector per text."""
        found = self._post("/v1/embeddings", {"model": model, "input": list(texts)}, None).json()
        return [item["embedding"] for item in found["data"]]

    def routes(self) -> list[Route]:
        """The project's routes."""
        found: list[Route] = []
        while True:
            after = found[-1].name if found else ""
            page = self._send.get("/api/v1/gateway/routes", list[Route], after=after, limit=500)
            found += page
            if len(page) < 500:
                return found

    def route(self, name: str) -> Route:
        """One route."""
        return self._send.get(f"/api/v1/gateway/routes/{name}", Route)

    def put_route(self, name: str, targets: Mapping[str, float] | RouteNode, **more: RoutePolicy | None) -> Route:
        """Make a route or give it new targets, each with its weight: `{"deployment/triage": 0.9, "echo/echo": 0.1}`,
        or a tree of them. `more`: `policy`, what it does when they fail (left out, the route's own stays; None removes
        it).
        """
        said: dict[str, Any] = {
            name: policy.model_dump(mode="json", exclude_unset=True) if policy else None
            for name, policy in more.items()
        }
        if isinstance(targets, RouteNode):
            said["tree"] = targets.model_dump(mode="json", exclude_defaults=True)
        else:
            said["targets"] = [
                RouteTarget(model=model, weight=weight).model_dump() for model, weight in targets.items()
            ]
        return self._send.request("PUT", f"/api/v1/gateway/routes/{name}", Route, body=said)

    def delete_route(self, name: str) -> Route:
        """Remove a route."""
        return self._send.request("DELETE", f"/api/v1/gateway/routes/{name}", Route)

    def history(self, name: str) -> list[dict[str, Any]]:
        """Every version of a route, newest first."""
        return self._send.get(f"/api/v1/gateway/routes/{name}/history", list[dict[str, Any]])

    def targets(self) -> TargetsReport:
        """How each target of each route stands, as the server process sees it that answered."""
        return self._send.get("/api/v1/gateway/targets", TargetsReport)

    def providers(self, *, probe: bool = True) -> list[dict[str, Any]]:
        """Every provider without its key; with `probe`, whether each answers."""
        return self._send.get("/api/v1/gateway/providers", list[dict[str, Any]], probe=probe)

    def provider(self, name: str) -> dict[str, Any]:
        """One provider without its key."""
        return self._send.get(f"/api/v1/gateway/providers/{quote(name)}", dict[str, Any])

    def put_provider(
        self, name: str, *, kind: str = "openai", base_url: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Make a provider or change it. `more`: `api_key` (left out, a stored one stays; None removes it), `timeout`
        in seconds, `models` (listed instead of what the API itself lists).
        """
        body = {"kind": kind, "base_url": base_url, **more}
        path = f"/api/v1/gateway/providers/{quote(name)}"
        return self._send.request("PUT", path, dict[str, Any], body=body)

    def delete_provider(self, name: str) -> dict[str, Any]:
        """Remove a stored provider with its secret."""
        return self._send.request("DELETE", f"/api/v1/gateway/providers/{quote(name)}", dict[str, Any])

    def test_provider(self, name: str) -> dict[str, Any]:
        """Ask a provider for its models: `reachable`, `latency_ms`, `models`, `error`."""
        return self._send.post(f"/api/v1/gateway/providers/{quote(name)}/test", dict[str, Any])

    def prices(self) -> list[dict[str, Any]]:
        """Your own prices by target, in US dollars for a million tokens."""
        return self._send.get("/api/v1/gateway/prices", list[dict[str, Any]])

    def put_price(self, target: str, *, input: float, output: float = 0.0, **more: float | None) -> dict[str, Any]:
        """Say what a target costs, in US dollars for a million tokens. `more`: `cached`, `cache_write` and other kinds
        of tokens; those that are left out cost as other input or output.
        """
        body = {"target": target, "input": input, "output": output, **more}
        return self._send.request("PUT", "/api/v1/gateway/prices", dict[str, Any], body=body)

    def delete_price(self, target: str) -> dict[str, Any]:
        """Forget a stored price."""
        path = f"/api/v1/gateway/prices?target={quote(target, safe='')}"
        return self._send.request("DELETE", path, dict[str, Any])

    def usage(self, *, bucket: Bucket = "hour", by: UsageBy = "none", **spell: Any) -> UsageReport:
        """Calls, tokens, cost and latencies over time (`points`) and in all (`totals`); `spell`: `since`, `until`."""
        return self._send.get("/api/v1/gateway/usage", UsageReport, bucket=bucket, by=by, **spell)

    def limits(self) -> list[LimitState]:
        """Every limit and budget, with how far each of its subjects is."""
        return self._send.get("/api/v1/gateway/limits", list[LimitState])

    def set_limit(self, on: On, what: What, per: Per, amount: int, *, name: str = "*") -> Limit:
        """Set a limit: at most `amount` of `what` `per` time. Cost is in millionths of a US dollar."""
        wanted = LimitCreate(on=on, name=name, what=what, per=per, amount=amount)
        return self._send.request("PUT", "/api/v1/gateway/limits", Limit, body=wanted)

    def delete_limit(self, id: UUID) -> Limit:
        """Remove a limit with what it counted."""
        return self._send.request("DELETE", f"/api/v1/gateway/limits/{id}", Limit)

    def ledger(self, *, by: LedgerBy = "none", bucket: LedgerBucket | None = None, **spell: Any) -> list[LedgerSummary]:
        """What calls used, by group, and with a `bucket` over time; `spell`: `since`, `until`."""
        return self._send.get("/api/v1/gateway/ledger", list[LedgerSummary], by=by, bucket=bucket, **spell)

    def cache(self) -> list[CacheStats]:
        """What is kept of each route's answers."""
        return self._send.get("/api/v1/gateway/cache", list[CacheStats])

    def clear_cache(self, route: str | None = None) -> int:
        """Forget the kept answers of a route, or of all; how many there were."""
        path = "/api/v1/gateway/cache" + (f"?route={quote(route)}" if route else "")
        return int(self._send.request("DELETE", path, dict[str, Any])["answers"])

    def comparisons(self, **wanted: Any) -> list[dict[str, Any]]:
        """Pairs of answers with their spans, newest first; `wanted`: `route`, `kind` (shadow, cache), `after`,
        `limit`.
        """
        return self._send.get("/api/v1/gateway/comparisons", list[dict[str, Any]], **wanted)

    def compared(self, **wanted: Any) -> list[ShadowTargetStats]:
        """What pairs say together, by route, target and kind; `wanted`: `route`, `kind`."""
        return self._send.get("/api/v1/gateway/comparisons/summary", list[ShadowTargetStats], **wanted)

    @cached_property
    def batches(self) -> "Batches":
        """Many calls that nobody waits for."""
        from vong.client.batches import Batches

        return Batches(self._send)

    def models(self) -> list[str]:
        """Every name that can be called."""
        return [item["name"] for item in self._send.get("/api/v1/gateway/models", list[dict[str, Any]])]

    def _post(self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None) -> httpx.Response:
        until = time.monotonic() + self._send.patience
        while True:
            try:
                response = self._send.http.post(path, json=body, headers=headers, timeout=httpx.Timeout(30, read=600))
                break
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if time.monotonic() >= until:
                    message = f"the server at {self._send.url} does not answer ({type(error).__name__})"
                    raise errors.Unavailable(message, "start it with: vong up") from error
                time.sleep(0.3)
            except httpx.TransportError as error:
                message = f"the server at {self._send.url} broke off the call ({type(error).__name__})"
                raise errors.Unavailable(
                    message, "the call may have been made; ask again if it may be repeated"
                ) from error
        if response.status_code >= 400:
            raise_for_error(response)
        return response


def _conversation(messages: Messages) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return [dict(message) for message in messages]


def _answer(response: httpx.Response, found: dict[str, Any]) -> ChatAnswer:
    choice = found["choices"][0] if found.get("choices") else {}
    message, usage = choice.get("message") or {}, found.get("usage") or {}
    return ChatAnswer(
        text=message.get("content") or "",
        span_id=UUID(response.headers["x-vong-span-id"]),
        trace_id=response.headers["x-vong-trace-id"],
        model=found.get("model") or "",
        finish_reason=choice.get("finish_reason"),
        usage=Usage(input_tokens=usage.get("prompt_tokens"), output_tokens=usage.get("completion_tokens")),
        message=message,
    )
