"""The way of a request to a provider and of its answer back: as it is where the provider speaks the caller's shape,
else translated through the chat.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from vong.errors import InvalidInput, NotFound, Unsupported, UpstreamFailed
from vong.gateway.endpoints import SERVED
from vong.gateway.endpoints.base import ChunkDecoder, NativeEndpointAdapter
from vong.gateway.endpoints.continuation import PartialAnswer, joined, onward
from vong.gateway.endpoints.parsing import capped, read, written
from vong.gateway.endpoints.replay import replayed
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.endpoints.stream_adapters import MALFORMED, PassthroughStream, TranslatedStream
from vong.gateway.providers import ProviderResponse, Shape
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.strategies import RoutingFacts

IMAGES = (b'"image_url"', b'"image"', b'"input_image"')
EXAMPLE = "see docs/guides/gateway.md for an example"


class UpstreamExchange:
    """One request. `to` a target first, then what came back: a stream through `transcript`, the rest by `answered`."""

    def __init__(self, shape: Shape, body: bytes, id: str) -> None:
        self._served = SERVED.get(shape)
        self.asked = self._served.read(body) if self._served else read(shape, body)
        self.stream = bool(self.asked.stream) and shape != "embeddings"
        self.shape: Shape = shape
        self.kind: Literal["chat", "embeddings"] = "embeddings" if shape == "embeddings" else "chat"
        self.natively = True
        """Whether a target may be asked in the shape itself."""
        self._body = body
        self._id = id
        self.so_far: PartialAnswer | None = None
        """What is there of the answer, where a target is asked for the rest."""
        self._earlier: list[dict[str, Any]] = []
        self.cap: int | None = None
        """Tokens of the answer, where a limit holds and the caller set no end."""
        self._native: NativeEndpointAdapter | None = None
        """The shape, where the target that was asked last speaks it itself."""
        self._fields: dict[str, Any] | None = None
        self._chat: dict[str, Any] | None = None

    @property
    def translated(self) -> bool:
        """Whether the caller's shape is one that most targets do not speak."""
        return self._served is not None

    def to(self, choice: ResolvedTarget) -> tuple[Shape, bytes]:
        """The shape and the body in which that target is asked. Unsupported where it cannot be."""
        if self.so_far is not None:
            asked = msgspec.json.encode(onward(self.chat(), self.so_far))
            return "chat", self._capped(written(asked, choice.model, self.stream))
        if self._served is None:
            return self.shape, self._capped(written(self._body, choice.model, self.stream))
        self._native = None
        if self.natively and self.shape in choice.provider.shapes and isinstance(self._served, NativeEndpointAdapter):
            self._native = self._served if self._served.passes(self._body, choice.provider.address) else None
        if self._native:
            body = self._native.written(self._body, choice.model, self.stream)
            return self.shape, body if self.cap is None else self._native.ended(body, self.cap)
        return "chat", self._capped(written(msgspec.json.encode(self.chat()), choice.model, self.stream))

    def _capped(self, body: bytes) -> bytes:
        return body if self.cap is None else capped(body, self.cap)

    def chat(self) -> dict[str, Any]:
        """The request as a chat. Unsupported for what a chat cannot hold."""
        if self._chat is None:
            fields = self.fields()
            try:
                self._chat = self._served.chat(fields) if self._served else fields
                if self._earlier:
                    own, said = self._chat["messages"], 1 if fields.get("instructions") else 0
                    self._chat["messages"] = [*own[:said], *self._earlier, *own[said:]]
            except (Unsupported, InvalidInput, NotFound):
                raise
            except MALFORMED as error:
                raise InvalidInput(f"the request is not of the form of {self.shape}: {error!r}", EXAMPLE) from error
        return self._chat

    def sewn(self, reply: ProviderResponse) -> ProviderResponse:
        """What a target answered; where it was asked for the rest of an answer, as that which was missing."""
        if self.so_far is not None and reply.events is not None:
            reply.events = joined(reply.events, self.so_far)
        return reply

    def follow(self, earlier: list[dict[str, Any]]) -> None:
        """Put these messages before those of the request, behind its own instructions."""
        self._earlier = earlier

    @property
    def size(self) -> int:
        """Bytes of the request, and of what it follows."""
        return len(self._body) + (len(msgspec.json.encode(self._earlier)) if self._earlier else 0)

    def fields(self) -> dict[str, Any]:
        """The request as it was written."""
        if self._fields is None:
            self._fields = msgspec.json.decode(self._body, type=dict[str, Any])
        return self._fields

    def facts(
        self,
        key: str,
        session: str | None,
        tags: Sequence[str],
        loads: Callable[[str], TargetLoad],
        costs: Mapping[str, int | None],
    ) -> RoutingFacts:
        """What the conditions of a tree may ask."""
        asked, metadata = self.asked, self.asked.metadata or {}
        named = {
            "key": key,
            "user": asked.user,
            "session": session or metadata.get("session_id"),
            "shape": self.shape,
            "stream": self.stream,
            "tools": bool(self.fields().get("tools")),
            "images": any(part in self._body for part in IMAGES),
            "tokens": len(self._body) // 4,
            "max_tokens": asked.max_completion_tokens or asked.max_tokens,
        }
        return RoutingFacts(named, metadata, tags, self.stream, loads, costs)

    def kept(self) -> dict[str, Any] | msgspec.Raw:
        """The request as a span keeps it: a chat, where it can be one, and as it came where nobody has read it."""
        if self._served is None and self._fields is None and self._chat is None and not self._earlier:
            return msgspec.Raw(self._body)
        try:
            return self.chat()
        except (InvalidInput, NotFound):
            return self.fields()

    def as_chat(self) -> Callable[[], ChunkDecoder] | None:
        """Let the stream of the target that was asked last be told as a chat's. What reads it, where it is none."""
        native, self._native = self._native, None
        return native.chunks if native else None

    def transcript(self) -> StreamAccumulator:
        """For the stream of the target that was asked last."""
        if self._served is None:
            options = self.asked.stream_options
            return StreamAccumulator(bool(options and options.include_usage))
        if self._native:
            return PassthroughStream(self._native.chunks())
        return TranslatedStream(self._served, self._served.streamed(self.fields(), self._id))

    def recalled(self, body: bytes) -> ProviderResponse:
        """A kept answer as a target would give it."""
        self._native = None
        if not self.stream:
            return ProviderResponse(200, body)
        return ProviderResponse(200, events=replayed(msgspec.json.decode(body, type=dict[str, Any])))

    def answered(self, reply: ProviderResponse, found: dict[str, Any]) -> dict[str, Any]:
        """A whole answer, `found` in the body of `reply`, as a chat completion; the body becomes the caller's."""
        if self._served is None:
            return found
        if reply.status >= 400:
            said = found.get("error")
            said = said if isinstance(said, dict) else {"message": str(said or found)}
            if not self._native:
                reply.body = msgspec.json.encode(self._served.error(reply.status, said))
            return {"error": said}
        try:
            if self._native:
                return self._native.completion(found)
            reply.body = msgspec.json.encode(self._served.answer(found, self.fields(), self._id))
        except MALFORMED as error:
            message = f"the upstream did not answer in the agreed form: {error!r}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        return found
