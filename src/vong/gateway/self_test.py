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
from vong.gateway.endpoints import SERVED
from vong.gateway.endpoints.base import EndpointAdapter
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream_adapters import TranslatedStream
from vong.gateway.guards.registry import GuardFactory
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.services import CallOptions, CallServices
from vong.gateway.providers import Provider, ProviderRequest, ProviderResponse, Shape
from vong.gateway.providers.echo import EchoProvider
from vong.gateway.providers.local_embeddings import EmbeddingModel
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Span, now
from vong.records.guard import GuardConfig, ProjectGuards, SelfTestReport
from vong.records.key_scope import KeyLabels, KeyScope
from vong.records.span import read

CARD = "4539 1488 0343 6467"
SAID = f"the number of my card is {CARD} and it is made up"
SHAPES: tuple[Shape, ...] = ("chat", "completions", "messages", "responses", "embeddings")
MASKING = GuardConfig(guard="personal", action="mask")


class SelfTestCase(NamedTuple):
    """Single path through the gateway."""

    shape: Shape
    stream: bool
    on: Literal["input", "output"]
    model: str

    def __str__(self) -> str:
        return f"{self.shape}{' stream' if self.stream else ''} {self.on} {self.model}"

    def body(self, message: str = SAID) -> bytes:
        """Build a request for the endpoint."""
        fields: dict[str, Any] = {"messages": [{"role": "user", "content": message}]}
        if self.shape == "completions":
            fields = {"prompt": message}
        elif self.shape in ("responses", "embeddings"):
            fields = {"input": message}
        elif self.shape == "messages":
            fields |= {"max_tokens": 100}
        fields |= {"stream": True} if self.stream else {}
        return json.dumps({"model": self.model, **fields}).encode()


@dataclass
class RecordingProvider:
    """Provider that records all request bodies."""

    provider: Provider
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def shapes(self) -> frozenset[Shape]:
        """Return the endpoints of the provider."""
        return self.provider.shapes

    @property
    def address(self) -> str:
        """Return the address of the provider."""
        return self.provider.address

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Record the body and forward the request."""
        self.bodies.append(ask.body)
        return await self.provider.call(ask)

    async def models(self) -> list[str]:
        """Return the models of the provider."""
        return await self.provider.models()


class AnthropicEcho:
    """Echo provider with the native messages endpoint."""

    address = "echo"
    shapes: frozenset[Shape] = frozenset({"messages"})

    def __init__(self, echo: EchoProvider) -> None:
        self._echo = echo
        self._shape: EndpointAdapter = SERVED["messages"]

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Answer in the format of the messages endpoint."""
        messages_request = json.loads(ask.body)
        chat = json.dumps(self._shape.chat(messages_request)).encode()
        response = await self._echo.call(ask._replace(shape="chat", body=chat))
        if response.events is not None:
            events = cast(AsyncGenerator[bytes], response.events)
            return ProviderResponse(
                200,
                events=_translated(events, TranslatedStream(self._shape, self._shape.streamed(messages_request, ""))),
            )
        return ProviderResponse(
            200, json.dumps(self._shape.answer(json.loads(response.body), messages_request, "")).encode()
        )

    async def models(self) -> list[str]:
        """Return the only model."""
        return ["echo"]


class SelfTestPrincipal(NamedTuple):
    """Principal of the self-test."""

    project_id: UUID = UUID(int=0)
    actor: str = "self-test"
    role: str = "member"
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    deputy: bool = False
    expires_at: datetime | None = None


class CapturedCall(NamedTuple):
    """Captured data of a call: request bodies of the providers, span and response."""

    sent: list[bytes]
    span: Span
    answer: bytes


class InProcessGateway:
    """Gateway without a server, a database or a network: `echo/echo` and `native/echo` under the given guards.

    Calls run through the same code as in the server.
    """

    def __init__(
        self, makers: GuardFactory, configs: Sequence[GuardConfig], extra_providers: dict[str, Provider] | None = None
    ) -> None:
        upstream = UpstreamClient()
        echo = EchoProvider("echo", ProviderSettings(kind="echo"), upstream)
        self._heard = {"echo": RecordingProvider(echo), "native": RecordingProvider(AnthropicEcho(echo))}
        guards = makers.posts([], ProjectGuards(version="self-test", guards=tuple(configs)))
        self._directory = ModelCatalog({}, {}, {**self._heard, **(extra_providers or {})}, {}, upstream, guards=guards)
        self._spans: list[Span] = []
        self._principal = SelfTestPrincipal()
        limiter = Limiter(_nothing, _nothing, _nothing)
        circuit, load = CircuitBreaker(), TargetLoad()
        cache = ResponseCache(_nothing, cast(EmbeddingModel, None))  # unused, because there are no routes
        self._means = CallServices(
            directory=self._known,
            account=self._take,
            circuit=lambda *_: circuit,
            load=lambda *_: load,
            admission=limiter,
            earlier=self._nobody,
            answers=cache,
            mirror=_nothing,
            ask=self._asked,
        )

    async def call(self, endpoint: Shape, body: bytes) -> CapturedCall:
        """Make a call. Raises the VongError that a caller would get; its span is then in `spans`."""
        for provider in self._heard.values():
            provider.bodies.clear()
        call = ModelCall(self._means, self._principal, endpoint, body, TraceContext.of({}))
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
            [body for provider in self._heard.values() for body in provider.bodies], self._spans[-1], body_out
        )

    @property
    def spans(self) -> list[Span]:
        """Return the spans of all calls, oldest first."""
        return self._spans

    async def _known(self, principal: GatewayPrincipal) -> ModelCatalog:
        del principal
        return self._directory

    def _take(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], reservation: Reservation | None
    ) -> None:
        del principal, tags, reservation
        self._spans.append(read(span))

    async def _nobody(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        del project_id
        raise Unavailable(f"unknown response {response!r}", "omit previous_response_id")

    async def _asked(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        body = json.dumps({"model": model, "messages": messages}).encode()
        call = ModelCall(self._means, principal, "chat", body, parent, CallOptions(guarded=False))
        return str(json.loads((await call.open()).body)["choices"][0]["message"]["content"])


async def self_test(makers: GuardFactory) -> SelfTestReport:
    """Send the card number through every path. Takes a few hundredths of a second and no network."""
    start = time.perf_counter()
    cases = [
        SelfTestCase(endpoint, stream, on, f"{provider}/echo")
        for endpoint in SHAPES
        for stream in ((False,) if endpoint == "embeddings" else (False, True))
        for on in (("input",) if endpoint == "embeddings" else ("input", "output"))
        for provider in (("echo", "native") if endpoint == "messages" else ("echo",))
    ]
    leaks = [str(case) for case in cases if await _leaks(case, makers)]
    elapsed = (time.perf_counter() - start) * 1000
    return SelfTestReport(passed=not leaks, ways=len(cases), leaks=leaks, ms=round(elapsed, 1), at=now())


async def _leaks(case: SelfTestCase, makers: GuardFactory) -> bool:
    """Return True if the number leaks, or if the path does not work at all."""
    gateway = InProcessGateway(makers, [MASKING.model_copy(update={"on": case.on})])
    try:
        captured = await gateway.call(case.shape, case.body())
    except VongError:
        return True
    stored = (captured.span.model_dump_json() if case.on == "input" else json.dumps(captured.span.output)).encode()
    places = [captured.answer, stored, *(captured.sent if case.on == "input" else ())]
    was_masked = case.shape == "embeddings" or b"[CARD]" in captured.answer
    return not (was_masked and captured.sent) or any(holds(text) for text in places)


def holds(text: bytes) -> bool:
    """Return True if a text contains the card number in any notation."""
    return re.sub(r"\D", "", CARD).encode() in re.sub(rb"[^0-9A-Za-z\[\]{}]", b"", text)


async def _translated(events: AsyncGenerator[bytes], stream: TranslatedStream) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for batch in events:
            if chunk := stream.take(batch):
                yield chunk
    yield stream.tail()


def _nothing(*_: Any) -> NoReturn:
    raise Unavailable("the self-test has no database", "use a server")
