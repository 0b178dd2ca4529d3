"""Provider for local deployments: OpenAI's format, with several replicas and a token per engine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar
from weakref import finalize

import msgspec

from vong.config import ProviderSettings
from vong.errors import Unavailable, UpstreamFailed, UpstreamTimeout, VongError, error_message, parse_error
from vong.gateway.providers.base import (
    MODEL_SERVER_ENDPOINTS,
    ModelKind,
    ProviderRequest,
    ProviderResponse,
    TokenCount,
    count_error,
)
from vong.gateway.providers.dialects import DEPLOYMENT
from vong.gateway.providers.openai import OpenAIProvider, forward
from vong.gateway.providers.replicas import ReplicaBalancer, ReplicaEndpoint, ReplicaLoad
from vong.gateway.translators.countable_chat import split_attachments, to_countable_chat
from vong.gateway.upstream.client import UpstreamClient, is_unsent
from vong.gateway.upstream.response import ResponseLimits

REPORT_INTERVAL_SECONDS = 1.0
"""Interval between two load reports of the engines of a deployment that is called."""
REPORT_TIMEOUT_SECONDS = 2.0
TOTAL_TIMEOUT_SECONDS = 600.0
SEVERAL_REPLICAS_LIMITS = ResponseLimits(connect=3.0, first_byte=TOTAL_TIMEOUT_SECONDS, total=TOTAL_TIMEOUT_SECONDS)
"""Limits if there is another replica to try: a machine that is gone refuses no connection, it does not answer."""
LOW_PRIORITY_HEADERS = {"x-vong-priority": "low"}
"""Headers of a call of low priority, which starts after all others."""
RETRY_AFTER_SECONDS = 5
"""Retry-After while no engine answers: an engine that was killed restarts after a second and loads its model."""
T = TypeVar("T")


class _Replica:
    """Replica with its API below `/v1` and the other routes of its engine."""

    def __init__(self, name: str, endpoint: ReplicaEndpoint, upstream: UpstreamClient) -> None:
        settings = ProviderSettings.model_validate(
            {
                "kind": "deployment",
                "base_url": endpoint.url,
                "api_key": endpoint.token,
                "timeout": TOTAL_TIMEOUT_SECONDS,
            }
        )
        self.url = endpoint.url
        self.api = OpenAIProvider(name, settings, upstream)
        address = endpoint.url.removesuffix("/v1")
        self.engine = OpenAIProvider(name, settings.model_copy(update={"base_url": address}), upstream)


class CountedEvents(AsyncIterator[bytes]):
    """Events of a stream that count as a call in flight until their end."""

    def __init__(self, events: AsyncIterator[bytes], load: ReplicaLoad) -> None:
        self._events = events
        self._release = finalize(self, _release, load)

    async def __anext__(self) -> bytes:
        """Return the next events."""
        try:
            return await anext(self._events)
        except BaseException:
            self._release()
            raise

    async def aclose(self) -> None:
        """Close the stream, which cancels the call if it has not ended."""
        self._release()
        if (close := getattr(self._events, "aclose", None)) is not None:
            await close()


class LocalDeploymentProvider:
    """Local deployment. A call that cannot connect to a replica, before a byte was sent, goes to another replica.

    If no engine responds, the hint of the error names the command that shows the log.
    """

    endpoints = MODEL_SERVER_ENDPOINTS
    chat_dialect = DEPLOYMENT

    def __init__(
        self, name: str, replicas: Sequence[ReplicaEndpoint], upstream: UpstreamClient, balancer: ReplicaBalancer
    ) -> None:
        self.name = name
        self._replicas = [_Replica(name, replica, upstream) for replica in replicas]
        self._urls = [replica.url for replica in replicas]
        self._balancer = balancer
        self._reported_at = -REPORT_INTERVAL_SECONDS
        self._report_task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Return the name of the deployment, because replicas change while it runs."""
        return f"deployment/{self.name}"

    def model_kind(self, model: str) -> ModelKind:
        """Return `text`: an engine completes prompts as they are, without the chat template."""
        del model
        return "text"

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call to a replica, whose engine refuses what its model does not do."""
        if len(self._replicas) > 1:
            request = request._replace(limits=SEVERAL_REPLICAS_LIMITS.narrowed_by(request.limits))
        headers = LOW_PRIORITY_HEADERS if request.low_priority else None
        response, load = await self._send(
            request.body,
            lambda replica: forward(replica.api.request_template(request.endpoint), request, headers),
        )
        if response.events is None:
            _release(load)
        else:
            response.events = CountedEvents(response.events, load)
        return response

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the number of tokens of a messages request, by the model's own template and tokenizer.

        Images and documents are estimated, because the tokenizer reads texts only.
        """
        del headers
        chat, attachment_tokens = split_attachments(to_countable_chat(body))
        request = {name: chat[name] for name in ("model", "messages", "tools") if chat.get(name)}
        content = msgspec.json.encode(request)
        response, load = await self._send(content, lambda replica: replica.engine.post("/tokenize", content))
        _release(load)
        if response.status != 200:
            message = error_message(parse_error(response.body)) or response.body[:500].decode("utf-8", "replace")
            raise count_error(self.name, response.status, message)
        tokens = len(msgspec.json.decode(response.body)["ids"])
        return TokenCount(tokens + attachment_tokens, is_exact=not attachment_tokens)

    async def list_models(self) -> list[str]:
        """Return the models that the first replica lists."""
        return await self._replicas[0].api.list_models()

    async def _send(self, body: bytes, send: Callable[[_Replica], Awaitable[T]]) -> tuple[T, ReplicaLoad]:
        """Send a request to the best replica, or to the next one while no connection succeeds.

        Return the response and the load of the replica, on which the call counts until it is released.
        """
        self._request_reports()
        order = self._balancer.order(self._urls, body)
        for position, index in enumerate(order):
            replica, is_last = self._replicas[index], position == len(order) - 1
            load = self._balancer.load(replica.url)
            load.in_flight += 1
            is_answered = False
            try:
                with self._as_unavailable():
                    answer = await send(replica)
                    is_answered = True
                return answer, load
            except VongError as error:
                if not is_unsent(error):
                    raise
                self._balancer.mark_unreachable(replica.url)
                if is_last:
                    raise
            finally:
                if not is_answered:
                    _release(load)
        raise Unavailable(f"the deployment {self.name!r} has no replica", f"see: vong serving show {self.name}")

    def _request_reports(self) -> None:
        """Ask the engines for their load in the background, if there is a choice and the last reports are old."""
        at = self._balancer.clock()
        if len(self._replicas) == 1 or at - self._reported_at < REPORT_INTERVAL_SECONDS:
            return
        self._reported_at = at
        if self._report_task is None or self._report_task.done():
            self._report_task = asyncio.create_task(self._collect_reports())

    async def _collect_reports(self) -> None:
        await asyncio.gather(*(self._collect_report(replica) for replica in self._replicas))

    async def _collect_report(self, replica: _Replica) -> None:
        with suppress(VongError, TimeoutError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
            async with asyncio.timeout(REPORT_TIMEOUT_SECONDS):
                response = await replica.engine.get("/health")
            health = msgspec.json.decode(response.body)
            calls = int(health["active"]) + int(health["waiting"])
            self._balancer.load(replica.url).report(calls, self._balancer.clock())

    @contextmanager
    def _as_unavailable(self) -> Generator[None]:
        try:
            yield
        except UpstreamTimeout:
            raise
        except UpstreamFailed as error:
            hint = f"check its state and log with: vong serving show {self.name}"
            unavailable = Unavailable(f"the deployment {self.name!r} does not respond ({error.message})", hint)
            unavailable.retry_after = RETRY_AFTER_SECONDS
            raise unavailable from error


def _release(load: ReplicaLoad) -> None:
    load.in_flight -= 1
