"""The self-test of masking: a made-up card number is sent every way through the gateway, and must be found nowhere.

In every shape, plain and streamed, to a model that is asked in a chat and to one that speaks the shape itself, once in
the request and once in the answer: neither what the provider gets, nor the span, nor the answer may hold it.
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
    """One way through the gateway."""

    shape: Shape
    stream: bool
    on: Literal["input", "output"]
    model: str

    def __str__(self) -> str:
        return f"{self.shape}{' stream' if self.stream else ''} {self.on} {self.model}"

    def body(self, said: str = SAID) -> bytes:
        """A request in that shape."""
        more: dict[str, Any] = {"messages": [{"role": "user", "content": said}]}
        if self.shape == "completions":
            more = {"prompt": said}
        elif self.shape in ("responses", "embeddings"):
            more = {"input": said}
        elif self.shape == "messages":
            more |= {"max_tokens": 100}
        more |= {"stream": True} if self.stream else {}
        return json.dumps({"model": self.model, **more}).encode()


@dataclass
class RecordingProvider:
    """A provider as it is, and all that it was sent."""

    provider: Provider
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def shapes(self) -> frozenset[Shape]:
        """The provider's own."""
        return self.provider.shapes

    @property
    def address(self) -> str:
        """The provider's own."""
        return self.provider.address

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Pass it on."""
        self.bodies.append(ask.body)
        return await self.provider.call(ask)

    async def models(self) -> list[str]:
        """The provider's own."""
        return await self.provider.models()


class AnthropicEcho:
    """Echo, speaking messages itself."""

    address = "echo"
    shapes: frozenset[Shape] = frozenset({"messages"})

    def __init__(self, echo: EchoProvider) -> None:
        self._echo = echo
        self._shape: EndpointAdapter = SERVED["messages"]

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Answer in messages."""
        asked = json.loads(ask.body)
        chat = json.dumps(self._shape.chat(asked)).encode()
        reply = await self._echo.call(ask._replace(shape="chat", body=chat))
        if reply.events is not None:
            events = cast(AsyncGenerator[bytes], reply.events)
            return ProviderResponse(
                200, events=_translated(events, TranslatedStream(self._shape, self._shape.streamed(asked, "")))
            )
        return ProviderResponse(200, json.dumps(self._shape.answer(json.loads(reply.body), asked, "")).encode())

    async def models(self) -> list[str]:
        """Its one name."""
        return ["echo"]


class SelfTestPrincipal(NamedTuple):
    """Who calls in a rehearsal."""

    project_id: UUID = UUID(int=0)
    actor: str = "self-test"
    role: str = "member"
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    deputy: bool = False
    expires_at: datetime | None = None


class CapturedCall(NamedTuple):
    """All that there is of a call: what the providers got, its span, and the answer."""

    sent: list[bytes]
    span: Span
    answer: bytes


class InProcessGateway:
    """A gateway without a server, a database or a network: `echo/echo` and `native/echo` under these guards. It stands
    on the very code that serves.
    """

    def __init__(
        self, makers: GuardFactory, uses: Sequence[GuardConfig], more: dict[str, Provider] | None = None
    ) -> None:
        upstream = UpstreamClient()
        echo = EchoProvider("echo", ProviderSettings(kind="echo"), upstream)
        self._heard = {"echo": RecordingProvider(echo), "native": RecordingProvider(AnthropicEcho(echo))}
        posts = makers.posts([], ProjectGuards(version="rehearsal", guards=tuple(uses)))
        self._directory = ModelCatalog({}, {}, {**self._heard, **(more or {})}, {}, upstream, guards=posts)
        self._spans: list[Span] = []
        self._principal = SelfTestPrincipal()
        admission = Limiter(_nothing, _nothing, _nothing)
        circuit, load = CircuitBreaker(), TargetLoad()
        answers = ResponseCache(_nothing, cast(EmbeddingModel, None))  # there are no routes, so nothing is kept
        self._means = CallServices(
            directory=self._known,
            account=self._take,
            circuit=lambda *_: circuit,
            load=lambda *_: load,
            admission=admission,
            earlier=self._nobody,
            answers=answers,
            mirror=_nothing,
            ask=self._asked,
        )

    async def call(self, shape: Shape, body: bytes) -> CapturedCall:
        """Make a call. VongError as a caller would get it; the span is then in `spans`."""
        for heard in self._heard.values():
            heard.bodies.clear()
        call = ModelCall(self._means, self._principal, shape, body, TraceContext.of({}))
        try:
            reply = await call.open()
            answer = reply.body
            if reply.events is not None:
                async with aclosing(call.events(reply)) as events:
                    answer = b"".join([batch async for batch in events])
        except VongError as error:
            call.close(error)
            raise
        call.close()
        return CapturedCall([body for heard in self._heard.values() for body in heard.bodies], self._spans[-1], answer)

    @property
    def spans(self) -> list[Span]:
        """Of all calls, oldest first."""
        return self._spans

    async def _known(self, principal: GatewayPrincipal) -> ModelCatalog:
        del principal
        return self._directory

    def _take(self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], ticket: Reservation | None) -> None:
        del principal, tags, ticket
        self._spans.append(read(span))

    async def _nobody(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        del project_id
        raise Unavailable(f"the response {response!r} is not known here", "ask without it")

    async def _asked(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        body = json.dumps({"model": model, "messages": messages}).encode()
        call = ModelCall(self._means, principal, "chat", body, parent, CallOptions(guarded=False))
        return str(json.loads((await call.open()).body)["choices"][0]["message"]["content"])


async def self_test(makers: GuardFactory) -> SelfTestReport:
    """Send the card number every way. It takes some hundredths of a second and no network."""
    start = time.perf_counter()
    ways = [
        SelfTestCase(shape, stream, on, f"{provider}/echo")
        for shape in SHAPES
        for stream in ((False,) if shape == "embeddings" else (False, True))
        for on in (("input",) if shape == "embeddings" else ("input", "output"))
        for provider in (("echo", "native") if shape == "messages" else ("echo",))
    ]
    leaks = [str(way) for way in ways if await _leaks(way, makers)]
    taken = (time.perf_counter() - start) * 1000
    return SelfTestReport(passed=not leaks, ways=len(ways), leaks=leaks, ms=round(taken, 1), at=now())


async def _leaks(way: SelfTestCase, makers: GuardFactory) -> bool:
    """Whether the number is found where it may not be, or the way is not a way at all."""
    rehearsal = InProcessGateway(makers, [MASKING.model_copy(update={"on": way.on})])
    try:
        told = await rehearsal.call(way.shape, way.body())
    except VongError:
        return True
    passed = (told.span.model_dump_json() if way.on == "input" else json.dumps(told.span.output)).encode()
    looked = [told.answer, passed, *(told.sent if way.on == "input" else ())]
    went = way.shape == "embeddings" or b"[CARD]" in told.answer
    return not (went and told.sent) or any(holds(text) for text in looked)


def holds(text: bytes) -> bool:
    """Whether the card number stands in it, however it is written."""
    return re.sub(r"\D", "", CARD).encode() in re.sub(rb"[^0-9A-Za-z\[\]{}]", b"", text)


async def _translated(events: AsyncGenerator[bytes], transcript: TranslatedStream) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for batch in events:
            if made := transcript.take(batch):
                yield made
    yield transcript.tail()


def _nothing(*_: Any) -> NoReturn:
    raise Unavailable("there is no database in a rehearsal", "use a server")
