"""Self-test of masking: a made-up card number is sent through every path of the gateway and must never leak.

Every endpoint is tested, with and without streaming, with a model that needs translation and one that supports the
endpoint natively, once in the request and once in the response. Neither the request to the provider, nor the span, nor
the response may contain the number.
"""

import json
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, NoReturn, cast
from uuid import UUID

from vong.config import ProviderSettings
from vong.errors import Unavailable, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints import ENDPOINTS
from vong.gateway.endpoints.base import EndpointAdapter
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream_adapters import TranslatedStream
from vong.gateway.guards.registry import GuardFactory
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.services import CallOptions, CallServices
from vong.gateway.providers import Endpoint, Provider, ProviderRequest, ProviderResponse
from vong.gateway.providers.base import VECTOR_ENDPOINTS
from vong.gateway.providers.echo import EchoProvider
from vong.gateway.providers.local_embeddings import EmbeddingModel
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Route, Span, now
from vong.records.guard import GuardConfig, ProjectGuards, SelfTestReport
from vong.records.key_scope import KeyLabels, KeyScope
from vong.records.span import with_decoded_input

CARD_NUMBER = "4539 1488 0343 6467"
MESSAGE = f"the number of my card is {CARD_NUMBER} and it is made up"
TESTED_ENDPOINTS: tuple[Endpoint, ...] = ("chat", "completions", "messages", "responses", "embeddings", "rerank")
MASK_PII = GuardConfig(guard="pii", action="mask")


class SelfTestCase(NamedTuple):
    """Single path through the gateway."""

    endpoint: Endpoint
    stream: bool
    on: Literal["input", "output"]
    model: str

    def __str__(self) -> str:
        return f"{self.endpoint}{' stream' if self.stream else ''} {self.on} {self.model}"

    def body(self, message: str = MESSAGE) -> bytes:
        """Build a request for the endpoint."""
        fields: dict[str, Any] = {"messages": [{"role": "user", "content": message}]}
        if self.endpoint == "completions":
            fields = {"prompt": message}
        elif self.endpoint in ("responses", "embeddings"):
            fields = {"input": message}
        elif self.endpoint == "rerank":
            fields = {"query": message, "documents": [message, {"text": message}]}
        elif self.endpoint == "messages":
            fields |= {"max_tokens": 100}
        fields |= {"stream": True} if self.stream else {}
        return json.dumps({"model": self.model, **fields}).encode()


@dataclass
class RecordingProvider:
    """Provider that records all request bodies."""

    provider: Provider
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def endpoints(self) -> frozenset[Endpoint]:
        """Return the endpoints of the provider."""
        return self.provider.endpoints

    @property
    def address(self) -> str:
        """Return the address of the provider."""
        return self.provider.address

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Record the body and forward the request."""
        self.bodies.append(request.body)
        return await self.provider.call(request)

    async def list_models(self) -> list[str]:
        """Return the models of the provider."""
        return await self.provider.list_models()


class AnthropicEcho:
    """Echo provider with the native messages endpoint."""

    address = "echo"
    endpoints: frozenset[Endpoint] = frozenset({"messages"})

    def __init__(self, echo: EchoProvider) -> None:
        self._echo = echo
        self._adapter: EndpointAdapter = ENDPOINTS["messages"]

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Answer in the format of the messages endpoint."""
        messages_request = json.loads(request.body)
        chat = json.dumps(self._adapter.to_chat(messages_request)).encode()
        response = await self._echo.call(request._replace(endpoint="chat", body=chat))
        if response.events is not None:
            events = cast(AsyncGenerator[bytes], response.events)
            return ProviderResponse(
                200,
                events=_translate(
                    events, TranslatedStream(self._adapter, self._adapter.stream_encoder(messages_request, ""))
                ),
            )
        return ProviderResponse(
            200, json.dumps(self._adapter.to_response(json.loads(response.body), messages_request, "")).encode()
        )

    async def list_models(self) -> list[str]:
        """Return the only model."""
        return ["echo"]


class SelfTestPrincipal(NamedTuple):
    """Principal of the self-test."""

    project_id: UUID = UUID(int=0)
    actor: str = "self-test"
    role: str = "member"
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    is_delegated: bool = False
    expires_at: datetime | None = None


class CapturedCall(NamedTuple):
    """Captured data of a call: request bodies of the providers, span and response."""

    sent: list[bytes]
    span: Span
    response: bytes


class InProcessGateway:
    """Gateway without a server, a database or a network: `echo/echo` and `native/echo` under the given guards.

    Calls run through the same code as in the server.
    """

    def __init__(
        self,
        guard_factory: GuardFactory,
        configs: Sequence[GuardConfig],
        extra_providers: dict[str, Provider] | None = None,
    ) -> None:
        upstream = UpstreamClient()
        echo = EchoProvider("echo", ProviderSettings(kind="echo"), upstream)
        self._providers = {"echo": RecordingProvider(echo), "native": RecordingProvider(AnthropicEcho(echo))}
        guards = guard_factory.create_guard_set([], ProjectGuards(version="self-test", guards=tuple(configs)))
        self._catalog = ModelCatalog(
            {}, {}, {**self._providers, **(extra_providers or {})}, {}, upstream, guards=guards
        )
        self._spans: list[Span] = []
        self._principal = SelfTestPrincipal()
        limiter = Limiter(_unavailable, _unavailable, _unavailable)
        circuit, load = CircuitBreaker(), TargetLoad()
        cache = ResponseCache(_unavailable, cast(EmbeddingModel, None))  # unused, because there are no routes
        self._services = CallServices(
            load_catalog=self._load_catalog,
            resolve_target=self._resolve_target,
            record_span=self._record_span,
            record_start=lambda *_: None,
            circuit_breaker=lambda *_: circuit,
            target_load=lambda *_: load,
            limiter=limiter,
            load_history=self._load_history,
            load_file=_unavailable,
            response_cache=cache,
            enqueue_shadow=_unavailable,
            ask_model=self._ask_model,
        )

    async def call(self, endpoint: Endpoint, body: bytes) -> CapturedCall:
        """Make a call. Raises the VongError that a caller would get; its span is then in `spans`."""
        for provider in self._providers.values():
            provider.bodies.clear()
        call = ModelCall(self._services, self._principal, endpoint, body, TraceContext.from_headers({}))
        try:
            response = await call.open()
            body_out = response.body
            if response.events is not None:
                async with aclosing(call.events(response)) as events:
                    body_out = b"".join([batch async for batch in events])
        except VongError as error:
            call.close(error)
            raise
        call.close()
        return CapturedCall(
            [body for provider in self._providers.values() for body in provider.bodies], self._spans[-1], body_out
        )

    @property
    def spans(self) -> list[Span]:
        """Return the spans of all calls, oldest first."""
        return self._spans

    async def _resolve_target(
        self, principal: GatewayPrincipal, catalog: ModelCatalog, target: str, route: Route | None
    ) -> ResolvedTarget:
        del principal
        return catalog.resolve(target, route)

    async def _load_catalog(self, principal: GatewayPrincipal) -> ModelCatalog:
        del principal
        return self._catalog

    def _record_span(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], reservation: Reservation | None
    ) -> None:
        del principal, tags, reservation
        self._spans.append(with_decoded_input(span))

    async def _load_history(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        del project_id
        raise Unavailable(f"unknown response {response!r}", "omit previous_response_id")

    async def _ask_model(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        body = json.dumps({"model": model, "messages": messages}).encode()
        call = ModelCall(self._services, principal, "chat", body, parent, CallOptions(apply_guards=False))
        return str(json.loads((await call.open()).body)["choices"][0]["message"]["content"])


async def self_test(guard_factory: GuardFactory) -> SelfTestReport:
    """Send the card number through every path. Takes a few hundredths of a second and no network."""
    start = time.perf_counter()
    cases = [
        SelfTestCase(endpoint, stream, on, f"{provider}/echo")
        for endpoint in TESTED_ENDPOINTS
        for stream in ((False,) if endpoint in VECTOR_ENDPOINTS else (False, True))
        for on in (("input",) if endpoint in VECTOR_ENDPOINTS else ("input", "output"))
        for provider in (("echo", "native") if endpoint == "messages" else ("echo",))
    ]
    leaks = [str(case) for case in cases if await _case_leaks(case, guard_factory)]
    elapsed = (time.perf_counter() - start) * 1000
    return SelfTestReport(passed=not leaks, cases=len(cases), leaks=leaks, ms=round(elapsed, 1), created_at=now())


async def _case_leaks(case: SelfTestCase, guard_factory: GuardFactory) -> bool:
    """Return True if the number leaks, or if the path does not work at all."""
    gateway = InProcessGateway(guard_factory, [MASK_PII.model_copy(update={"on": case.on})])
    try:
        captured = await gateway.call(case.endpoint, case.body())
    except VongError:
        return True
    stored = (captured.span.model_dump_json() if case.on == "input" else json.dumps(captured.span.output)).encode()
    places = [captured.response, stored, *(captured.sent if case.on == "input" else ())]
    was_masked = case.endpoint in VECTOR_ENDPOINTS or b"[CARD]" in captured.response
    return not (was_masked and captured.sent) or any(contains_card_number(text) for text in places)


def contains_card_number(text: bytes) -> bool:
    """Return True if a text contains the card number in any notation."""
    return re.sub(r"\D", "", CARD_NUMBER).encode() in re.sub(rb"[^0-9A-Za-z\[\]{}]", b"", text)


async def _translate(events: AsyncGenerator[bytes], stream: TranslatedStream) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for batch in events:
            if chunk := stream.feed(batch):
                yield chunk
    yield stream.finish()


def _unavailable(*_: Any) -> NoReturn:
    raise Unavailable("the self-test has no database", "use a server")
